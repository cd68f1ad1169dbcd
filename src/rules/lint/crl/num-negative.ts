import type { CrlRule } from './context.ts';

export const numNegative: CrlRule = {
  id: 'R-NUM-NEGATIVE',
  title: 'cRLNumber is not negative',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 10',
  mend: 'put a zero octet before a first octet with its top bit set',
  pkdCode: 'CRN.0',
  findings: ({ crl }) =>
    crl.crlNumber !== undefined && crl.crlNumber < 0n ? [`cRLNumber is ${crl.crlNumber}`] : [],
};
