import type { CrlRule } from './context.ts';

export const ver: CrlRule = {
  id: 'R-VER',
  title: 'the version is v2',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 9',
  mend: 'write the version 1, which stands for v2',
  pkdCode: 'VER.13',
  findings: ({ crl }) => (crl.version === 2 ? [] : [`the version is v${crl.version}`]),
};
