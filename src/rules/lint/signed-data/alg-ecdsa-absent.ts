import { algEcdsaAbsent as ofCertificates } from '../certificate/alg-ecdsa-absent.ts';
import { wordsOf } from '../rule.ts';
import { ecdsaHasNoParameters } from '../x509/algorithm.ts';
import type { SharedRule } from './context.ts';

export const algEcdsaAbsent: SharedRule = ({ prefix }) => ({
  ...wordsOf(ofCertificates),
  id: `${prefix}-ALG-ECDSA-ABSENT`,
  findings: ({ signers }) => signers.flatMap(({ raw }) => ecdsaHasNoParameters(raw.signatureAlgorithm)),
});
