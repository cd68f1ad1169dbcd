import { algSame as ofCertificates } from '../certificate/alg-same.ts';
import { wordsOf } from '../rule.ts';
import { needing } from './context.ts';

export const algSame = needing(['signature'], {
  ...wordsOf(ofCertificates),
  id: 'R-ALG-SAME',
  findings: ({ crl }) =>
    Buffer.compare(crl.tbsSignatureBytes, crl.signatureAlgorithmBytes) === 0
      ? []
      : ['signature and signatureAlgorithm are not the same octets'],
});
