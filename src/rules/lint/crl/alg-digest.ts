import { algDigest as ofCertificates } from '../certificate/alg-digest.ts';
import { wordsOf } from '../rule.ts';
import { digestIsAllowed } from '../x509/algorithm.ts';
import type { CrlRule } from './context.ts';

export const algDigest: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ALG-DIGEST',
  appliesTo: (_, edition) => edition >= 7,
  findings: ({ raw }) => digestIsAllowed(raw.signature),
};
