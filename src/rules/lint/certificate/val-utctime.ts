import { utcTimeFindings } from '../x509/time-form.ts';
import type { CertificateRule } from './context.ts';

export const valUtctime: CertificateRule = {
  id: 'C-VAL-UTCTIME',
  title: 'a UTCTime is YYMMDDHHMMSSZ',
  severity: 'error',
  source: 'Doc 9303-12 Table 5, RFC 5280 §4.1.2.5.1',
  mend: 'write the seconds and Z',
  pkdCode: 'VAL.7',
  findings: ({ raw }) => [raw.notBefore, raw.notAfter].flatMap(utcTimeFindings),
};
