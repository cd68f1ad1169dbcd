import { countryIsUpperCase } from '../x509/names.ts';
import { type CertificateRule, namesOf } from './context.ts';

export const dn1CountryCase: CertificateRule = {
  id: 'C-DN1-COUNTRY-CASE',
  title: 'countryName is in upper case',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'write the countryName in upper case',
  findings: (context) => namesOf(context).flatMap(countryIsUpperCase),
};
