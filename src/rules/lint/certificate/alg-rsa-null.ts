import { rsaHasNull } from '../x509/algorithm.ts';
import type { CertificateRule } from './context.ts';

export const algRsaNull: CertificateRule = {
  id: 'C-ALG-RSA-NULL',
  title: 'PKCS#1 v1.5 has the parameters NULL',
  severity: 'error',
  source: 'RFC 4055 §5',
  mend: 'write NULL as parameters',
  findings: ({ raw }) => rsaHasNull(raw.signature),
};
