import type { DigestName } from './digests.ts';
import type { CurveName } from './curves.ts';

/** How a signature was or is to be made: Doc 9303-12 §4.1.6 with its parameters, independent of the key. */
export type SignatureAlgorithm =
  | { readonly kind: 'ecdsa'; readonly digest: DigestName }
  | { readonly kind: 'rsassa-pkcs1-v1_5'; readonly digest: DigestName }
  | {
      readonly kind: 'rsassa-pss';
      readonly digest: DigestName;
      readonly mgfDigest: DigestName;
      /** Octets. */
      readonly saltLength: number;
    };

/** Signs the notes of the log (C2SP signed-note) and nothing of the eMRTD PKI. */
export interface Ed25519 {
  readonly kind: 'ed25519';
}

/** What a token is asked to sign with. */
export type TokenAlgorithm = SignatureAlgorithm | Ed25519;

/** What a key pair of the eMRTD PKI is, without its value. */
export type KeyType =
  | { readonly kind: 'ec'; readonly curve: CurveName }
  | { readonly kind: 'rsa'; readonly modulusBits: number };

/** What a token is asked to make. */
export type TokenKeyType = KeyType | Ed25519;

/** A key type and the one signature algorithm that the key is used with. */
export interface KeyAlgorithm {
  /** Name used in policies, e.g. `ecdsa-brainpoolP256r1-sha256`, `rsassa-pss-3072-sha256`. */
  readonly name: string;
  readonly key: KeyType;
  readonly signature: SignatureAlgorithm;
}

const issuableCurves: readonly CurveName[] = [
  'P-256',
  'P-384',
  'P-521',
  'brainpoolP256r1',
  'brainpoolP384r1',
  'brainpoolP512r1',
];
const issuableModuli: readonly number[] = [2048, 3072, 4096];
const issuableDigests: readonly DigestName[] = ['SHA-224', 'SHA-256', 'SHA-384', 'SHA-512'];

function suffix(digest: DigestName): string {
  return digest.toLowerCase().replace('-', '');
}

/**
 * Every key algorithm that Sigillo can issue under; a policy picks from these. For PSS the salt is as long as
 * the digest and MGF1 uses the same digest (Doc 9303-12 §4.1.6.1, RFC 4055 §3.1).
 */
export const keyAlgorithms: ReadonlyMap<string, KeyAlgorithm> = new Map(
  issuableDigests.flatMap((digest) => {
    const ecdsa = issuableCurves.map((curve): KeyAlgorithm => {
      const name = `ecdsa-${curve}-${suffix(digest)}`;
      return { name, key: { kind: 'ec', curve }, signature: { kind: 'ecdsa', digest } };
    });
    const rsa = issuableModuli.flatMap((modulusBits): KeyAlgorithm[] => {
      const key = { kind: 'rsa', modulusBits } as const;
      const saltLength = { 'SHA-1': 20, 'SHA-224': 28, 'SHA-256': 32, 'SHA-384': 48, 'SHA-512': 64 }[digest];
      return [
        {
          name: `rsassa-pss-${modulusBits}-${suffix(digest)}`,
          key,
          signature: { kind: 'rsassa-pss', digest, mgfDigest: digest, saltLength },
        },
        {
          name: `rsassa-pkcs1-${modulusBits}-${suffix(digest)}`,
          key,
          signature: { kind: 'rsassa-pkcs1-v1_5', digest },
        },
      ];
    });
    return [...ecdsa, ...rsa].map((algorithm) => [algorithm.name, algorithm] as const);
  }),
);
