import type { CertificateRule } from './context.ts';
import { isMinimal } from './kind.ts';

export const spkiEcdsa: CertificateRule = {
  id: 'C-SPKI-ECDSA',
  title: 'a signer of LDS2 objects or seals has an elliptic-curve key',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.7, §4.1.8',
  mend: 'certify an elliptic-curve key',
  appliesTo: isMinimal,
  findings: ({ certificate }) =>
    certificate.subjectPublicKey.kind === 'rsa' ? ['the key is an RSA key'] : [],
};
