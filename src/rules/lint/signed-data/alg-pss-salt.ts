import { algPssSalt as ofCertificates } from '../certificate/alg-pss-salt.ts';
import { wordsOf } from '../rule.ts';
import { pssSaltFits } from '../x509/algorithm.ts';
import type { SharedRule } from './context.ts';

export const algPssSalt: SharedRule = ({ prefix }) => ({
  ...wordsOf(ofCertificates),
  id: `${prefix}-ALG-PSS-SALT`,
  findings: ({ signers }) => signers.flatMap(({ raw }) => pssSaltFits(raw.signatureAlgorithm)),
});
