import { isIssuedBy } from '../../passive-authentication/index.ts';
import type { CertificateRule } from './context.ts';

export const dn1CountryKnown: CertificateRule = {
  id: 'C-DN1-COUNTRY-KNOWN',
  title: 'countryName is a code of Doc 9303-3',
  severity: 'warning',
  source: 'Doc 9303-3 §5',
  mend: 'write the two-letter code that Doc 9303-3 gives the issuing State',
  findings: ({ certificate }) => {
    const { country } = certificate.subject;
    if (country === undefined || !/^[A-Z]{2}$/.test(country)) return [];
    const isKnown = isIssuedBy(country, '') !== undefined;
    return isKnown ? [] : [`countryName ${country} is no code of Doc 9303-3`];
  },
};
