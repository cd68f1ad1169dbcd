import { countryIsPrintable } from '../x509/names.ts';
import { type CertificateRule, namesOf } from './context.ts';

export const dn1CountryType: CertificateRule = {
  id: 'C-DN1-COUNTRY-TYPE',
  title: 'countryName is a PrintableString',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'encode countryName as PrintableString',
  pkdCode: 'SUB.11',
  findings: (context) => namesOf(context).flatMap(countryIsPrintable),
};
