import { hasOneCountry } from '../x509/names.ts';
import { type CertificateRule, namesOf } from './context.ts';

export const dn1CountryOnce: CertificateRule = {
  id: 'C-DN1-COUNTRY-ONCE',
  title: 'issuer and subject have one countryName',
  severity: 'warning',
  source: 'good practice',
  mend: 'keep the countryName of the issuing State alone',
  findings: (context) => namesOf(context).flatMap(hasOneCountry),
};
