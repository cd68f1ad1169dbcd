import { algPssMask as ofCertificates } from '../certificate/alg-pss-mask.ts';
import { wordsOf } from '../rule.ts';
import { pssMaskFits } from '../x509/algorithm.ts';
import type { CrlRule } from './context.ts';

export const algPssMask: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ALG-PSS-MASK',
  findings: ({ raw }) => pssMaskFits(raw.signature),
};
