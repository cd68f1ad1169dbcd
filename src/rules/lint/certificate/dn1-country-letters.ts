import { countryIsTwoLetters } from '../x509/names.ts';
import { type CertificateRule, namesOf } from './context.ts';

export const dn1CountryLetters: CertificateRule = {
  id: 'C-DN1-COUNTRY-LETTERS',
  title: 'countryName has two letters',
  severity: 'error',
  source: 'Doc 9303-12 Table 5, Doc 9303-3 §5',
  mend: 'write the two-letter code of Doc 9303-3',
  pkdCode: 'SUB.10',
  findings: (context) => namesOf(context).flatMap(countryIsTwoLetters),
};
