import type { CertificateRule } from './context.ts';

export const spkiRsaLarge: CertificateRule = {
  id: 'C-SPKI-RSA-LARGE',
  title: 'an RSA key has at most 4096 bits',
  severity: 'info',
  source: 'good practice',
  mend: 'make sure that all readers can use a key this long',
  findings: ({ certificate }) => {
    const key = certificate.subjectPublicKey;
    return key.kind === 'rsa' && key.modulusBits > 4096 ? [`RSA with ${key.modulusBits} bits`] : [];
  },
};
