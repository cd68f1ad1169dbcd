import { algPssMask as ofCertificates } from '../certificate/alg-pss-mask.ts';
import { wordsOf } from '../rule.ts';
import { pssMaskFits } from '../x509/algorithm.ts';
import type { SharedRule } from './context.ts';

export const algPssMask: SharedRule = ({ prefix }) => ({
  ...wordsOf(ofCertificates),
  id: `${prefix}-ALG-PSS-MASK`,
  findings: ({ signers }) => signers.flatMap(({ raw }) => pssMaskFits(raw.signatureAlgorithm)),
});
