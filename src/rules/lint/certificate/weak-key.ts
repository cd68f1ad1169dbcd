import type { SubjectPublicKey } from '../../../formats/algorithms/subject-public-key.ts';

/** A key shorter than these bits, as a finding. */
export function weakKeyFindings(
  key: SubjectPublicKey,
  least: { readonly rsa: number; readonly ec: number },
): readonly string[] {
  switch (key.kind) {
    case 'rsa':
      return key.modulusBits < least.rsa ? [`RSA with ${key.modulusBits} bits`] : [];
    case 'ec':
      return key.curve.fieldBits < least.ec ? [`${key.curve.name} with ${key.curve.fieldBits} bits`] : [];
    case 'unsupported':
      return [];
  }
}
