import type { CertificateRule } from './context.ts';

export const uid: CertificateRule = {
  id: 'C-UID',
  title: 'issuerUniqueID and subjectUniqueID are absent',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'leave out issuerUniqueID and subjectUniqueID',
  pkdCode: 'UID.15',
  findings: ({ certificate }) => (certificate.hasUniqueIdentifiers ? ['there is a unique identifier'] : []),
};
