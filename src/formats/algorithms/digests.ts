/**
 * Digest algorithms of Doc 9303-12 §4.1.6.4. SHA-1 is here to read old documents with, never to issue.
 */
export type DigestName = 'SHA-1' | 'SHA-224' | 'SHA-256' | 'SHA-384' | 'SHA-512';

export interface DigestAlgorithm {
  readonly name: DigestName;
  readonly oid: string;
  /** Octets of a digest. */
  readonly octets: number;
  /** Name for `node:crypto`. */
  readonly node: string;
}

export const digestAlgorithms: readonly DigestAlgorithm[] = [
  { name: 'SHA-1', oid: '1.3.14.3.2.26', octets: 20, node: 'sha1' },
  { name: 'SHA-224', oid: '2.16.840.1.101.3.4.2.4', octets: 28, node: 'sha224' },
  { name: 'SHA-256', oid: '2.16.840.1.101.3.4.2.1', octets: 32, node: 'sha256' },
  { name: 'SHA-384', oid: '2.16.840.1.101.3.4.2.2', octets: 48, node: 'sha384' },
  { name: 'SHA-512', oid: '2.16.840.1.101.3.4.2.3', octets: 64, node: 'sha512' },
];

const byName = new Map<string, DigestAlgorithm>(digestAlgorithms.map((d) => [d.name, d]));
const byOid = new Map<string, DigestAlgorithm>(digestAlgorithms.map((d) => [d.oid, d]));

export function digestByName(name: DigestName): DigestAlgorithm {
  const found = byName.get(name);
  if (found === undefined) throw new TypeError(`no digest algorithm ${name}`);
  return found;
}

export function digestByOid(oid: string): DigestAlgorithm | undefined {
  return byOid.get(oid);
}
