import { algPssTrailer as ofCertificates } from '../certificate/alg-pss-trailer.ts';
import { wordsOf } from '../rule.ts';
import { pssTrailerIsLeftOut } from '../x509/algorithm.ts';
import type { SharedRule } from './context.ts';

export const algPssTrailer: SharedRule = ({ prefix }) => ({
  ...wordsOf(ofCertificates),
  id: `${prefix}-ALG-PSS-TRAILER`,
  findings: ({ signers }) => signers.flatMap(({ raw }) => pssTrailerIsLeftOut(raw.signatureAlgorithm)),
});
