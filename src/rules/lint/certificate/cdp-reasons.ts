import type { CertificateRule } from './context.ts';

export const cdpReasons: CertificateRule = {
  id: 'C-CDP-REASONS',
  title: 'no distribution point is for some reasons only',
  severity: 'error',
  source: 'Doc 9303-12 §7.1 Table 6',
  mend: 'leave out reasons: a CSCA has one CRL',
  pkdCode: 'CDP.15',
  findings: ({ certificate }) =>
    certificate.crlDistributionPoints?.some(({ hasReasons }) => hasReasons) === true
      ? ['there is reasons']
      : [],
};
