import { needing } from './context.ts';

const shortestMs = 48 * 3_600_000;

export const fortyEightHours = needing(['previous'], {
  id: 'R-48H',
  title: 'a CRL is made at the earliest 48 hours after the one before',
  // After a revocation that cannot wait one does it all the same.
  severity: 'warning',
  source: 'Doc 9303-12 §4.1.5',
  mend: 'wait, unless a revocation cannot',
  findings: ({ crl, previous }) => {
    const ms = crl.thisUpdate.getTime() - previous.thisUpdate.getTime();
    return ms >= shortestMs ? [] : [`the CRL before was made ${(ms / 3_600_000).toFixed(1)} hours earlier`];
  },
});
