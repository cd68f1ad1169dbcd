import { weakKeyFindings } from './weak-key.ts';
import type { CertificateRule } from './context.ts';

export const spkiSize: CertificateRule = {
  id: 'C-SPKI-SIZE',
  title: 'an RSA key has at least 2048 bits, an elliptic-curve key 256',
  // The 8th edition has no numbers; nothing weaker is issued today by anyone who follows a national catalogue.
  severity: 'error',
  source: 'good practice (Doc 9303-12 §4.1.6)',
  mend: 'certify a longer key',
  appliesTo: (_, edition) => edition === 8,
  findings: ({ certificate }) => weakKeyFindings(certificate.subjectPublicKey, { rsa: 2048, ec: 256 }),
};
