import type { CertificateRule } from './context.ts';

export const cdpPoint: CertificateRule = {
  id: 'C-CDP-POINT',
  title: 'each distribution point has a full name',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.4',
  mend: 'write the URI of the CRL as fullName of distributionPoint',
  findings: ({ certificate }) =>
    (certificate.crlDistributionPoints ?? [])
      .filter(({ fullName }) => fullName.length === 0)
      .map(() => 'a distribution point has no full name'),
};
