import type { Element } from '../../der/reader.ts';

/** The bits of KeyUsage in their order, digitalSignature being bit 0 (RFC 5280 §4.2.1.3). */
export const keyUsageBits = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

export type KeyUsageBit = (typeof keyUsageBits)[number];

/** The bits that are set; a BIT STRING without a set bit gives an empty set. */
export function decodeKeyUsage(element: Element): ReadonlySet<KeyUsageBit> {
  const { octets, unusedBits } = element.bitString();
  if (octets.length > 0 && ((octets[octets.length - 1] ?? 0) & (1 << unusedBits)) === 0) {
    element.tolerate('NAMED_BITS', 'has trailing zero bits', 'X.690 §11.2.2');
  }
  return new Set(keyUsageBits.filter((_, bit) => ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0));
}
