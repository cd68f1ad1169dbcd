import { createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto';
import { digestByName } from '../src/formats/algorithms/digests.ts';
import {
  encodeSubjectPublicKeyInfo,
  type PublicKeyValue,
} from '../src/formats/algorithms/encode-subject-public-key-info.ts';
import type { SignatureAlgorithm } from '../src/formats/algorithms/signature-algorithms.ts';
import { InvariantBroken } from '../src/services/errors.ts';

/**
 * Proves that a public key read from the token belongs to the private key on it: the token signs random
 * octets and OpenSSL, which shares nothing with it, verifies.
 *
 * @throws InvariantBroken when the signature does not verify
 */
export function proveKeyPair(
  label: string,
  publicKey: PublicKeyValue,
  sign: (algorithm: SignatureAlgorithm, data: Uint8Array) => Uint8Array,
): void {
  const algorithm: SignatureAlgorithm =
    publicKey.kind === 'ec'
      ? { kind: 'ecdsa', digest: 'SHA-256' }
      : { kind: 'rsassa-pkcs1-v1_5', digest: 'SHA-256' };
  const challenge = randomBytes(32);
  const signature = sign(algorithm, challenge);
  const digest = digestByName(algorithm.digest).node;
  if (!verify(digest, challenge, openSslKey(publicKey), signature)) {
    throw new InvariantBroken(`key ${label}: the token's public key does not verify its own signature`);
  }
}

function openSslKey(publicKey: PublicKeyValue): KeyObject {
  const der = encodeSubjectPublicKeyInfo(publicKey, 'named');
  return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
}
