import { digestIsNotSha1 } from '../x509/algorithm.ts';
import type { CertificateRule } from './context.ts';

export const algSha1: CertificateRule = {
  id: 'C-ALG-SHA1',
  title: 'the digest is not SHA-1, which the 6th edition still allowed',
  severity: 'info',
  source: 'good practice',
  mend: 'nothing for what was issued then; today SHA-1 is an error',
  appliesTo: (_, edition) => edition === 6,
  findings: ({ raw }) => digestIsNotSha1(raw.signature),
};
