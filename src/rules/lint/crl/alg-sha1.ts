import { algSha1 as ofCertificates } from '../certificate/alg-sha1.ts';
import { wordsOf } from '../rule.ts';
import { digestIsNotSha1 } from '../x509/algorithm.ts';
import type { CrlRule } from './context.ts';

export const algSha1: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ALG-SHA1',
  appliesTo: (_, edition) => edition === 6,
  findings: ({ raw }) => digestIsNotSha1(raw.signature),
};
