import { generalizedTimeFindings } from '../x509/time-form.ts';
import { type CrlRule, updateTimes } from './context.ts';

export const timeGeneralizedtime: CrlRule = {
  id: 'R-TIME-GENERALIZEDTIME',
  title: 'a GeneralizedTime is YYYYMMDDHHMMSSZ',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 9, RFC 5280 §5.1.2.4',
  mend: 'write the seconds and Z, and no fraction',
  pkdCode: 'TUP.8',
  findings: (context) => updateTimes(context).flatMap(generalizedTimeFindings),
};
