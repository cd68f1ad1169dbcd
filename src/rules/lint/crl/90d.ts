import type { CrlRule } from './context.ts';

const longestMs = 90 * 86_400_000;

export const ninetyDays: CrlRule = {
  id: 'R-90D',
  title: 'the next CRL is due within 90 days',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.5',
  mend: 'let nextUpdate lie at most 90 days after thisUpdate',
  findings: ({ crl }) => {
    if (crl.nextUpdate === undefined) return [];
    const ms = crl.nextUpdate.getTime() - crl.thisUpdate.getTime();
    return ms <= longestMs ? [] : [`the next CRL is due after ${Math.ceil(ms / 86_400_000)} days`];
  },
};
