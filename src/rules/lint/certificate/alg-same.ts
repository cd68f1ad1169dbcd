import { needing } from './context.ts';

export const algSame = needing(['signature'], {
  id: 'C-ALG-SAME',
  title: 'signature and signatureAlgorithm are the same octets',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'write the same AlgorithmIdentifier inside and outside, parameters too',
  findings: ({ certificate }) =>
    Buffer.compare(certificate.tbsSignatureBytes, certificate.signatureAlgorithmBytes) === 0
      ? []
      : ['signature and signatureAlgorithm are not the same octets'],
});
