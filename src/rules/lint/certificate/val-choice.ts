import { timeChoiceFindings } from '../x509/time-form.ts';
import type { CertificateRule } from './context.ts';

export const valChoice: CertificateRule = {
  id: 'C-VAL-CHOICE',
  title: 'dates through 2049 are UTCTime',
  severity: 'error',
  source: 'Doc 9303-12 Table 5, RFC 5280 §4.1.2.5',
  mend: 'write dates before 2050 as UTCTime',
  pkdCode: 'VAL.4',
  findings: ({ raw }) => [raw.notBefore, raw.notAfter].flatMap(timeChoiceFindings),
};
