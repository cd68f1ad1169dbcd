import { dn1CountryLetters as ofCertificates } from '../certificate/dn1-country-letters.ts';
import { wordsOf } from '../rule.ts';
import { countryIsTwoLetters } from '../x509/names.ts';
import type { CrlRule } from './context.ts';

export const issCountryLetters: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ISS-COUNTRY-LETTERS',
  pkdCode: 'ISS.10',
  findings: ({ crl }) => countryIsTwoLetters({ field: 'issuer', name: crl.issuer }),
};
