import type { CertificateRule } from './context.ts';

export const spkiRsaExponent: CertificateRule = {
  id: 'C-SPKI-RSA-EXPONENT',
  title: 'the public exponent of an RSA key is 65537',
  severity: 'warning',
  source: 'good practice',
  mend: 'make RSA keys with the exponent 65537',
  findings: ({ certificate }) => {
    const key = certificate.subjectPublicKey;
    return key.kind === 'rsa' && key.exponent !== 65_537n ? [`the public exponent is ${key.exponent}`] : [];
  },
};
