import { algSha224 as ofCertificates } from '../certificate/alg-sha224.ts';
import { wordsOf } from '../rule.ts';
import { digestIsNotSha224 } from '../x509/algorithm.ts';
import type { CrlRule } from './context.ts';

export const algSha224: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ALG-SHA224',
  findings: ({ raw }) => digestIsNotSha224(raw.signature),
};
