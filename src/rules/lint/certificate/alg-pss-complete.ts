import { pssIsComplete } from '../x509/algorithm.ts';
import type { CertificateRule } from './context.ts';

export const algPssComplete: CertificateRule = {
  id: 'C-ALG-PSS-COMPLETE',
  title: 'RSASSA-PSS has its parameters, none left to the defaults of SHA-1',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.6.1, RFC 4055 §3.1',
  mend: 'write hashAlgorithm, maskGenAlgorithm and saltLength',
  findings: ({ raw }) => pssIsComplete(raw.signature),
};
