import { isIssuedBy } from '../../passive-authentication/index.ts';
import type { CertificateRule } from './context.ts';

export const anCountry: CertificateRule = {
  id: 'C-AN-COUNTRY',
  title: 'localityName of subjectAltName and countryName of the subject are codes of one State',
  severity: 'warning',
  source: 'Doc 9303-12 §7.1.1.2, Doc 9303-3 §5',
  mend: 'write the two codes that Doc 9303-3 gives the issuing State',
  appliesTo: (_, edition) => edition >= 7,
  findings: ({ certificate }) => {
    const { country } = certificate.subject;
    const code = certificate.subjectAltName?.country;
    if (country === undefined || code === undefined || !/^[A-Z]{1,3}$/.test(code)) return [];
    return isIssuedBy(country, code) === false ? [`C=${country}, localityName ${code}`] : [];
  },
};
