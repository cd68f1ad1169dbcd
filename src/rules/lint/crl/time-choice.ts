import { timeChoiceFindings } from '../x509/time-form.ts';
import { type CrlRule, updateTimes } from './context.ts';

export const timeChoice: CrlRule = {
  id: 'R-TIME-CHOICE',
  title: 'dates through 2049 are UTCTime',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 9, RFC 5280 §5.1.2.4',
  mend: 'write dates before 2050 as UTCTime',
  pkdCode: 'TUP.4',
  findings: (context) => updateTimes(context).flatMap(timeChoiceFindings),
};
