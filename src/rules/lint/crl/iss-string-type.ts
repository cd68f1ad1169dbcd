import { dn1StringType as ofCertificates } from '../certificate/dn1-string-type.ts';
import { wordsOf } from '../rule.ts';
import { stringTypesAreAllowed } from '../x509/names.ts';
import type { CrlRule } from './context.ts';

export const issStringType: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ISS-STRING-TYPE',
  pkdCode: 'ISS.11',
  findings: ({ crl }) => stringTypesAreAllowed({ field: 'issuer', name: crl.issuer }),
};
