import { weakKeyFindings } from './weak-key.ts';
import type { CertificateRule } from './context.ts';

export const spkiSizeOld: CertificateRule = {
  id: 'C-SPKI-SIZE-OLD',
  title: 'a key of the time before the 8th edition is still strong: RSA 2048 bits, elliptic curve 224',
  severity: 'warning',
  source: 'good practice (Doc 9303-12 §4.1.6)',
  mend: 'replace documents that depend on the key',
  appliesTo: (_, edition) => edition < 8,
  findings: ({ certificate }) => weakKeyFindings(certificate.subjectPublicKey, { rsa: 2048, ec: 224 }),
};
