import type { CertificateRule } from './context.ts';

export const anLocality: CertificateRule = {
  id: 'C-AN-LOCALITY',
  title: 'issuerAltName and subjectAltName have the same localityName',
  severity: 'warning',
  source: 'good practice (Doc 9303-12 §7.1.1.2)',
  mend: 'write the code of the issuing State in both',
  // Those of a self-signed certificate are the same as a whole.
  appliesTo: (kind, edition) => kind !== 'csca' && edition >= 7,
  findings: ({ certificate }) => {
    const subjects = certificate.subjectAltName?.country;
    const issuers = certificate.issuerAltName?.country;
    if (subjects === undefined || issuers === undefined || subjects === issuers) return [];
    return [`subjectAltName has ${subjects}, issuerAltName ${issuers}`];
  },
};
