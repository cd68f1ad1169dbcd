import { dn1CountryType as ofCertificates } from '../certificate/dn1-country-type.ts';
import { wordsOf } from '../rule.ts';
import { countryIsPrintable } from '../x509/names.ts';
import type { CrlRule } from './context.ts';

export const issCountryType: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ISS-COUNTRY-TYPE',
  pkdCode: 'ISS.11',
  findings: ({ crl }) => countryIsPrintable({ field: 'issuer', name: crl.issuer }),
};
