import type { FoundSignatureAlgorithm } from '../../formats/algorithms/decode-algorithm-identifier.ts';
import type { DigestName } from '../../formats/algorithms/digests.ts';
import type { SubjectPublicKey } from '../../formats/algorithms/subject-public-key.ts';

/**
 * Why an algorithm is weaker than Doc 9303-12 §4.1.6 lets issuers use today: SHA-1, RSA below 2048 bits, curves
 * below 224 bits. Each is a phrase; old documents carry them legally.
 */
export function weaknesses(
  digests: readonly (DigestName | undefined)[],
  keys: readonly SubjectPublicKey[],
): readonly string[] {
  const sha1 = digests.includes('SHA-1') ? ['SHA-1'] : [];
  return [...new Set([...sha1, ...keys.flatMap(weakKey)])];
}

export function digestOf(algorithm: FoundSignatureAlgorithm): DigestName | undefined {
  return algorithm.kind === 'unsupported' ? undefined : algorithm.digest;
}

function weakKey(key: SubjectPublicKey): readonly string[] {
  if (key.kind === 'rsa' && key.modulusBits < 2048) return [`RSA with ${key.modulusBits} bits`];
  if (key.kind === 'ec' && key.curve.fieldBits < 224) return [`EC with ${key.curve.fieldBits} bits`];
  return [];
}
