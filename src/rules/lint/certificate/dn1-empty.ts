import { notEmpty } from '../x509/names.ts';
import { type CertificateRule, namesOf } from './context.ts';

export const dn1Empty: CertificateRule = {
  id: 'C-DN1-EMPTY',
  title: 'issuer and subject are not empty',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'give the name at least countryName and commonName',
  findings: (context) => namesOf(context).flatMap(notEmpty),
};
