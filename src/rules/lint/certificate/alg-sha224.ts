import { digestIsNotSha224 } from '../x509/algorithm.ts';
import type { CertificateRule } from './context.ts';

export const algSha224: CertificateRule = {
  id: 'C-ALG-SHA224',
  title: 'the digest is longer than SHA-224',
  severity: 'warning',
  source: 'good practice',
  mend: 'sign with SHA-256, SHA-384 or SHA-512',
  findings: ({ raw }) => digestIsNotSha224(raw.signature),
};
