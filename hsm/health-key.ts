import type { KeyType } from '../src/formats/algorithms/signature-algorithms.ts';

/**
 * The key that shows that a token signs. It signs random octets that the signer makes itself, certifies nothing,
 * and is on every token under the same CKA_ID; so nobody counts its uses.
 */
export const healthKey = {
  /** `sigillo health` in ASCII, filled up with zero octets. */
  keyId: Buffer.from('sigillo health'.padEnd(16, '\0')).toString('hex'),
  label: 'health',
  type: { kind: 'ec', curve: 'P-256' } satisfies KeyType,
} as const;
