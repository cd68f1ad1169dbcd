import { dn1Empty as ofCertificates } from '../certificate/dn1-empty.ts';
import { wordsOf } from '../rule.ts';
import { notEmpty } from '../x509/names.ts';
import type { CrlRule } from './context.ts';

export const issEmpty: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ISS-EMPTY',
  title: 'issuer is not empty',
  findings: ({ crl }) => notEmpty({ field: 'issuer', name: crl.issuer }),
};
