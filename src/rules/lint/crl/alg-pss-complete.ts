import { algPssComplete as ofCertificates } from '../certificate/alg-pss-complete.ts';
import { wordsOf } from '../rule.ts';
import { pssIsComplete } from '../x509/algorithm.ts';
import type { CrlRule } from './context.ts';

export const algPssComplete: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ALG-PSS-COMPLETE',
  findings: ({ raw }) => pssIsComplete(raw.signature),
};
