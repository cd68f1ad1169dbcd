import { dn1CountryCase as ofCertificates } from '../certificate/dn1-country-case.ts';
import { wordsOf } from '../rule.ts';
import { countryIsUpperCase } from '../x509/names.ts';
import type { CrlRule } from './context.ts';

export const issCountryCase: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ISS-COUNTRY-CASE',
  findings: ({ crl }) => countryIsUpperCase({ field: 'issuer', name: crl.issuer }),
};
