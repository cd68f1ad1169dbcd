import { algPssTrailer as ofCertificates } from '../certificate/alg-pss-trailer.ts';
import { wordsOf } from '../rule.ts';
import { pssTrailerIsLeftOut } from '../x509/algorithm.ts';
import type { CrlRule } from './context.ts';

export const algPssTrailer: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ALG-PSS-TRAILER',
  findings: ({ raw }) => pssTrailerIsLeftOut(raw.signature),
};
