import { digestIsAllowed } from '../x509/algorithm.ts';
import type { CertificateRule } from './context.ts';

export const algDigest: CertificateRule = {
  id: 'C-ALG-DIGEST',
  title: 'the digest is SHA-224, SHA-256, SHA-384 or SHA-512',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.6.4',
  mend: 'sign with SHA-256, SHA-384 or SHA-512',
  pkdCode: 'SIG.42',
  appliesTo: (_, edition) => edition >= 7,
  findings: ({ raw }) => digestIsAllowed(raw.signature),
};
