import { utcTimeFindings } from '../x509/time-form.ts';
import { type CrlRule, updateTimes } from './context.ts';

export const timeUtctime: CrlRule = {
  id: 'R-TIME-UTCTIME',
  title: 'a UTCTime is YYMMDDHHMMSSZ',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 9, RFC 5280 §5.1.2.4',
  mend: 'write the seconds and Z',
  pkdCode: 'TUP.7',
  findings: (context) => updateTimes(context).flatMap(utcTimeFindings),
};
