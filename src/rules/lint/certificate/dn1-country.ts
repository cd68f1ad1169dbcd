import { hasCountry } from '../x509/names.ts';
import { type CertificateRule, namesOf } from './context.ts';

export const dn1Country: CertificateRule = {
  id: 'C-DN1-COUNTRY',
  title: 'issuer and subject have a countryName',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'add the countryName of the issuing State',
  pkdCode: 'SUB.10',
  findings: (context) => namesOf(context).flatMap(hasCountry),
};
