import { algKnown as ofCertificates } from '../certificate/alg-known.ts';
import { wordsOf } from '../rule.ts';
import { isKnownAlgorithm } from '../x509/algorithm.ts';
import type { CrlRule } from './context.ts';

export const algKnown: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ALG-KNOWN',
  findings: ({ raw }) => isKnownAlgorithm(raw.signature),
};
