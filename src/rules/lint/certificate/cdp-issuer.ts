import type { CertificateRule } from './context.ts';

export const cdpIssuer: CertificateRule = {
  id: 'C-CDP-ISSUER',
  title: 'no distribution point has a CRL issuer of its own',
  severity: 'error',
  source: 'Doc 9303-12 §7.1 Table 6',
  mend: 'leave out cRLIssuer: the CSCA signs its CRL',
  pkdCode: 'CDP.15',
  findings: ({ certificate }) =>
    certificate.crlDistributionPoints?.some(({ hasCrlIssuer }) => hasCrlIssuer) === true
      ? ['there is cRLIssuer']
      : [],
};
