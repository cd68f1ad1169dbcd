import type { CrlRule } from './context.ts';

export const revdateForm: CrlRule = {
  id: 'R-REVDATE-FORM',
  title: 'revocationDate is written as thisUpdate is: UTCTime through 2049, with seconds and Z',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 9, RFC 5280 §5.1.2.6',
  mend: 'write YYMMDDHHMMSSZ before 2050 and YYYYMMDDHHMMSSZ from then on',
  pkdCode: 'REC.7',
  findings: ({ entries }) => entries.timeFindings,
};
