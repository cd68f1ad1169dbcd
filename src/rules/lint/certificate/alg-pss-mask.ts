import { pssMaskFits } from '../x509/algorithm.ts';
import type { CertificateRule } from './context.ts';

export const algPssMask: CertificateRule = {
  id: 'C-ALG-PSS-MASK',
  title: 'RSASSA-PSS masks with MGF1 and the digest of the signature',
  severity: 'error',
  source: 'RFC 4055 §3.1',
  mend: 'use the digest of the signature in MGF1 too',
  findings: ({ raw }) => pssMaskFits(raw.signature),
};
