import { algSha224 as ofCertificates } from '../certificate/alg-sha224.ts';
import { wordsOf } from '../rule.ts';
import { digestIsNotSha224 } from '../x509/algorithm.ts';
import type { SharedRule } from './context.ts';

export const algSha224: SharedRule = ({ prefix }) => ({
  ...wordsOf(ofCertificates),
  id: `${prefix}-ALG-SHA224`,
  findings: ({ signers }) => signers.flatMap(({ raw }) => digestIsNotSha224(raw.signatureAlgorithm)),
});
