import { algPssComplete as ofCertificates } from '../certificate/alg-pss-complete.ts';
import { wordsOf } from '../rule.ts';
import { pssIsComplete } from '../x509/algorithm.ts';
import type { SharedRule } from './context.ts';

export const algPssComplete: SharedRule = ({ prefix }) => ({
  ...wordsOf(ofCertificates),
  id: `${prefix}-ALG-PSS-COMPLETE`,
  findings: ({ signers }) => signers.flatMap(({ raw }) => pssIsComplete(raw.signatureAlgorithm)),
});
