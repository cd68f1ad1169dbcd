import { schemeOf } from '../x509/algorithm.ts';
import type { CertificateRule } from './context.ts';

export const algPkcs1: CertificateRule = {
  id: 'C-ALG-PKCS1',
  title: 'RSA signatures are RSASSA-PSS, as issuers are recommended to make them',
  // A recommendation, but every reader must verify the other kind and most issuers make it.
  severity: 'info',
  source: 'Doc 9303-12 §4.1.6.1',
  mend: 'sign with RSASSA-PSS where all your readers have it',
  findings: ({ raw }) =>
    schemeOf(raw.signature) === 'rsassa-pkcs1-v1_5' ? ['the signature is PKCS#1 v1.5'] : [],
};
