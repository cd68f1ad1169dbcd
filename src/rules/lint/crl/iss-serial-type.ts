import { dn1SerialType as ofCertificates } from '../certificate/dn1-serial-type.ts';
import { wordsOf } from '../rule.ts';
import { serialNumberIsPrintable } from '../x509/names.ts';
import type { CrlRule } from './context.ts';

export const issSerialType: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ISS-SERIAL-TYPE',
  pkdCode: 'ISS.11',
  findings: ({ crl }) => serialNumberIsPrintable({ field: 'issuer', name: crl.issuer }),
};
