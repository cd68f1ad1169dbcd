import { pssSaltFits } from '../x509/algorithm.ts';
import type { CertificateRule } from './context.ts';

export const algPssSalt: CertificateRule = {
  id: 'C-ALG-PSS-SALT',
  title: 'the salt of RSASSA-PSS is as long as the digest',
  severity: 'error',
  source: 'RFC 4055 §3.1',
  mend: 'use a salt of the length of the digest',
  findings: ({ raw }) => pssSaltFits(raw.signature),
};
