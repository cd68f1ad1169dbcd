import { dn1Country as ofCertificates } from '../certificate/dn1-country.ts';
import { wordsOf } from '../rule.ts';
import { hasCountry } from '../x509/names.ts';
import type { CrlRule } from './context.ts';

export const issCountry: CrlRule = {
  ...wordsOf(ofCertificates),
  id: 'R-ISS-COUNTRY',
  title: 'issuer has a countryName',
  pkdCode: 'ISS.10',
  findings: ({ crl }) => hasCountry({ field: 'issuer', name: crl.issuer }),
};
