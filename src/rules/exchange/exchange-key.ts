import { createHash } from 'node:crypto';
import {
  encodeSubjectPublicKeyInfo,
  type PublicKeyValue,
} from '../../formats/algorithms/encode-subject-public-key-info.ts';
import { type KeyAlgorithm, keyAlgorithms } from '../../formats/algorithms/signature-algorithms.ts';
import { parseSubjectPublicKey, toKeyObject } from '../../formats/algorithms/subject-public-key.ts';
import { verifySignature } from '../../formats/algorithms/verify-signature.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';

/** The one algorithm of exchange keys in version 1 of the bundles. */
export const exchangeKeyAlgorithm = 'ecdsa-P-384-sha384';

/** The instance at the other end, as this one's `sigillo.yaml` pins it. */
export interface ExchangePartner {
  readonly instanceId: string;
  /** SubjectPublicKeyInfo of its exchange key, DER with the curve's name. */
  readonly publicKey: Uint8Array;
}

/** What is signed under different headings can never be taken for one another. */
export type BundleHeading = 'request' | 'response' | 'proof';

/** The octets under a signature: a heading that no other object of ours begins with, then the JSON. */
export function signedOctets(heading: BundleHeading, json: Uint8Array): Uint8Array {
  return Uint8Array.from(Buffer.concat([Buffer.from(`sigillo exchange 1 ${heading}\0`), json]));
}

export function algorithmOf(name: string): KeyAlgorithm {
  const algorithm = keyAlgorithms.get(name);
  if (algorithm !== undefined) return algorithm;
  throw new MalformedInput('keyAlgorithm', `${name} is not a key algorithm that Sigillo can issue under`);
}

/** Whether a key made a signature over a bundle's JSON under a heading. */
export function isSignedBy(
  publicKey: Uint8Array,
  keyAlgorithm: string,
  heading: BundleHeading,
  json: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { signature: algorithm } = algorithmOf(keyAlgorithm);
  const key = parseSubjectPublicKey(publicKey);
  return verifySignature(algorithm, key, signedOctets(heading, json), signature);
}

/**
 * The value of a public key that comes as SubjectPublicKeyInfo with named curve: exactly our own encoding.
 *
 * @throws MalformedInput
 */
export function publicKeyValueOf(spki: Uint8Array, field: string): PublicKeyValue {
  const value = valueOf(spki, field);
  if (Buffer.compare(encodeSubjectPublicKeyInfo(value, 'named'), spki) === 0) return value;
  throw new MalformedInput(field, 'is not SubjectPublicKeyInfo as Sigillo writes it');
}

function valueOf(spki: Uint8Array, field: string): PublicKeyValue {
  const key = parseSubjectPublicKey(spki);
  if (key.kind === 'unsupported') throw new MalformedInput(field, `is of an unknown kind: ${key.reason}`);
  // Refuses a point that is not on its curve.
  const usable = toKeyObject(key);
  if (key.kind === 'ec') return { kind: 'ec', curve: key.curve.name, point: key.subjectPublicKey };
  const { n, e } = usable.export({ format: 'jwk' });
  return {
    kind: 'rsa',
    modulus: Uint8Array.from(Buffer.from(n ?? '', 'base64url')),
    publicExponent: Uint8Array.from(Buffer.from(e ?? '', 'base64url')),
  };
}

/** SHA-256 of SubjectPublicKeyInfo in groups that people can read to each other. */
export function spokenFingerprint(spki: Uint8Array): string {
  const digits = createHash('sha256').update(spki).digest('hex');
  return (digits.match(/.{8}/g) ?? []).join(' ');
}
