import { algPssSalt as ofCertificates } from '../certificate/alg-pss-salt.ts';
import { wordsOf } from '../rule.ts';
import { pssSaltFits } from '../x509/algorithm.ts';
import type { CrlRule } from './context.ts';

export const algPssSalt: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ALG-PSS-SALT',
  findings: ({ raw }) => pssSaltFits(raw.signature),
};
