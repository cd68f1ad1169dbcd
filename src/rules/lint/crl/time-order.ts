import type { CrlRule } from './context.ts';

export const timeOrder: CrlRule = {
  id: 'R-TIME-ORDER',
  title: 'thisUpdate lies before nextUpdate',
  severity: 'error',
  source: 'RFC 5280 §5.1.2.5',
  mend: 'let nextUpdate lie after thisUpdate',
  findings: ({ crl }) =>
    crl.nextUpdate === undefined || crl.thisUpdate < crl.nextUpdate
      ? []
      : ['thisUpdate does not lie before nextUpdate'],
};
