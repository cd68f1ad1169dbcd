import { isKnownAlgorithm } from '../x509/algorithm.ts';
import type { CertificateRule } from './context.ts';

export const algKnown: CertificateRule = {
  id: 'C-ALG-KNOWN',
  title: 'the signature algorithm is RSASSA-PSS, PKCS#1 v1.5, DSA or ECDSA',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.6',
  mend: 'sign with one of the algorithms of Doc 9303-12 §4.1.6',
  findings: ({ raw }) => isKnownAlgorithm(raw.signature),
};
