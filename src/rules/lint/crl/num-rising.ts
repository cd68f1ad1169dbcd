import { needing } from './context.ts';

export const numRising = needing(['previous'], {
  id: 'R-NUM-RISING',
  title: 'cRLNumber is greater than that of the CRL before, also under a new key',
  severity: 'error',
  source: 'RFC 5280 §5.2.3',
  mend: 'count on from the last number that was given',
  findings: ({ crl, previous }) => {
    if (crl.crlNumber === undefined || previous.crlNumber === undefined) return [];
    return crl.crlNumber > previous.crlNumber
      ? []
      : [`cRLNumber is ${crl.crlNumber}, that of the CRL before ${previous.crlNumber}`];
  },
});
