import { createPublicKey, verify } from 'node:crypto';
import { digestByName } from '../../src/formats/algorithms/digests.ts';
import { encodeSubjectPublicKeyInfo } from '../../src/formats/algorithms/encode-subject-public-key-info.ts';
import type { TokenAlgorithm } from '../../src/formats/algorithms/signature-algorithms.ts';
import type { TokenKey } from '../../src/services/ports.ts';

/** node:crypto is OpenSSL; the key goes there as SubjectPublicKeyInfo, made from what the token says. */
export function verifiesInOpenSsl(
  key: TokenKey,
  algorithm: TokenAlgorithm,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const spki = encodeSubjectPublicKeyInfo(key.publicKey, 'named');
  const publicKey = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  const padding =
    algorithm.kind === 'rsassa-pss'
      ? { padding: 6 /* RSA_PKCS1_PSS_PADDING */, saltLength: algorithm.saltLength }
      : {};
  const digest = algorithm.kind === 'ed25519' ? null : digestByName(algorithm.digest).node;
  return verify(digest, data, { key: publicKey, ...padding }, signature);
}
