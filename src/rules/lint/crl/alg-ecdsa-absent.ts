import { algEcdsaAbsent as ofCertificates } from '../certificate/alg-ecdsa-absent.ts';
import { wordsOf } from '../rule.ts';
import { ecdsaHasNoParameters } from '../x509/algorithm.ts';
import type { CrlRule } from './context.ts';

export const algEcdsaAbsent: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ALG-ECDSA-ABSENT',
  findings: ({ raw }) => ecdsaHasNoParameters(raw.signature),
};
