import type { CrlRule } from './context.ts';

export const nup: CrlRule = {
  id: 'R-NUP',
  title: 'nextUpdate is present',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 9',
  mend: 'say when the next CRL is due',
  pkdCode: 'NUP.14',
  findings: ({ crl }) => (crl.nextUpdate === undefined ? ['there is no nextUpdate'] : []),
};
