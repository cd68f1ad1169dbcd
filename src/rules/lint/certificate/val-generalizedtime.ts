import { generalizedTimeFindings } from '../x509/time-form.ts';
import type { CertificateRule } from './context.ts';

export const valGeneralizedtime: CertificateRule = {
  id: 'C-VAL-GENERALIZEDTIME',
  title: 'a GeneralizedTime is YYYYMMDDHHMMSSZ',
  severity: 'error',
  source: 'Doc 9303-12 Table 5, RFC 5280 §4.1.2.5.2',
  mend: 'write the seconds and Z, and no fraction',
  pkdCode: 'VAL.8',
  findings: ({ raw }) => [raw.notBefore, raw.notAfter].flatMap(generalizedTimeFindings),
};
