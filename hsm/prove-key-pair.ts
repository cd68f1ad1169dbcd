import { createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto';
import { digestByName } from '../src/formats/algorithms/digests.ts';
import {
  encodeSubjectPublicKeyInfo,
  type PublicKeyValue,
} from '../src/formats/algorithms/encode-subject-public-key-info.ts';
import type { TokenAlgorithm } from '../src/formats/algorithms/signature-algorithms.ts';
import { InvariantBroken } from '../src/services/errors.ts';

/**
 * Proves that a public key read from the token belongs to the private key on it: the token signs random
 * octets and OpenSSL, which shares nothing with it, verifies.
 *
 * @throws InvariantBroken when the signature does not verify
 */
export async function proveKeyPair(
  label: string,
  publicKey: PublicKeyValue,
  sign: (algorithm: TokenAlgorithm, data: Uint8Array) => Promise<Uint8Array>,
): Promise<void> {
  const algorithm = proofAlgorithm(publicKey);
  const challenge = randomBytes(32);
  const signature = await sign(algorithm, challenge);
  const digest = algorithm.kind === 'ed25519' ? null : digestByName(algorithm.digest).node;
  if (!verify(digest, challenge, openSslKey(publicKey), signature)) {
    throw new InvariantBroken(`key ${label}: the token's public key does not verify its own signature`);
  }
}

function proofAlgorithm({ kind }: PublicKeyValue): TokenAlgorithm {
  switch (kind) {
    case 'ec':
      return { kind: 'ecdsa', digest: 'SHA-256' };
    case 'rsa':
      return { kind: 'rsassa-pkcs1-v1_5', digest: 'SHA-256' };
    case 'ed25519':
      return { kind };
  }
}

function openSslKey(publicKey: PublicKeyValue): KeyObject {
  const der = encodeSubjectPublicKeyInfo(publicKey, 'named');
  return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
}
