import type { CertificateRule } from './context.ts';

export const dn2Country: CertificateRule = {
  id: 'C-DN2-COUNTRY',
  title: 'issuer and subject have the same countryName',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'give the subject the countryName of its CSCA',
  findings: ({ certificate }) => {
    const { subject, issuer } = certificate;
    if (subject.country === undefined || issuer.country === undefined) return [];
    return subject.country === issuer.country
      ? []
      : [`subject C=${subject.country}, issuer C=${issuer.country}`];
  },
};
