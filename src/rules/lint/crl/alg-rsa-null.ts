import { algRsaNull as ofCertificates } from '../certificate/alg-rsa-null.ts';
import { wordsOf } from '../rule.ts';
import { rsaHasNull } from '../x509/algorithm.ts';
import type { CrlRule } from './context.ts';

export const algRsaNull: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ALG-RSA-NULL',
  findings: ({ raw }) => rsaHasNull(raw.signature),
};
