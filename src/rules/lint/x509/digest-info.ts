import type { FoundSignatureAlgorithm } from '../../../formats/algorithms/decode-algorithm-identifier.ts';
import type { SubjectPublicKey } from '../../../formats/algorithms/subject-public-key.ts';
import { checkSignature } from '../../../formats/algorithms/verify-signature.ts';

/**
 * A PKCS#1 v1.5 signature that holds only for readers who put up with a DigestInfo without the NULL parameters, as
 * in the ICAO master list of September 2023.
 */
export function digestInfoFindings(
  algorithm: FoundSignatureAlgorithm,
  key: SubjectPublicKey,
  data: Uint8Array,
  signature: Uint8Array,
): readonly string[] {
  if (algorithm.kind !== 'rsassa-pkcs1-v1_5' || key.kind !== 'rsa') return [];
  const { notes } = checkSignature(algorithm, key, data, signature, { strict: false });
  return notes.filter(({ code }) => code === 'SIG_DIGESTINFO_NULL').map(({ detail }) => detail);
}
