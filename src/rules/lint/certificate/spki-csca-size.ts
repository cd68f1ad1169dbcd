import { weakKeyFindings } from './weak-key.ts';
import type { CertificateRule } from './context.ts';
import { isCa } from './kind.ts';

export const spkiCscaSize: CertificateRule = {
  id: 'C-SPKI-CSCA-SIZE',
  title: 'a CSCA key, which must last for 15 years, has RSA 3072 bits or an elliptic curve of 384',
  severity: 'warning',
  source: 'good practice (Doc 9303-12 §4.1.6)',
  mend: 'certify a longer key',
  appliesTo: (kind, edition) => isCa(kind) && edition === 8,
  findings: ({ certificate }) => weakKeyFindings(certificate.subjectPublicKey, { rsa: 3072, ec: 384 }),
};
