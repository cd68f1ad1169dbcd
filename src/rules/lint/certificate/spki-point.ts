import type { CertificateRule } from './context.ts';

export const spkiPoint: CertificateRule = {
  id: 'C-SPKI-POINT',
  title: 'the public key is an uncompressed point',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.6.3',
  mend: 'write the public key as 04, x, y',
  pkdCode: 'PKI.49',
  findings: ({ certificate }) => {
    const key = certificate.subjectPublicKey;
    return key.kind === 'ec' && key.isCompressed ? ['the public key is a compressed point'] : [];
  },
};
