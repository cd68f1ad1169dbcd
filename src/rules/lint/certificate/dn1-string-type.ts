import { stringTypesAreAllowed } from '../x509/names.ts';
import { type CertificateRule, namesOf } from './context.ts';

export const dn1StringType: CertificateRule = {
  id: 'C-DN1-STRING-TYPE',
  title: 'attributes are PrintableString or UTF8String',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'encode the attribute as UTF8String',
  pkdCode: 'SUB.11',
  findings: (context) => namesOf(context).flatMap(stringTypesAreAllowed),
};
