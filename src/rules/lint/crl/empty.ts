import type { CrlRule } from './context.ts';

export const empty: CrlRule = {
  id: 'R-EMPTY',
  title: 'revokedCertificates is absent rather than empty',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 9',
  mend: 'leave revokedCertificates out where nothing is revoked',
  pkdCode: 'REC.16',
  findings: ({ raw }) =>
    raw.revokedCertificates?.contentLength === 0 ? ['revokedCertificates is an empty SEQUENCE'] : [],
};
