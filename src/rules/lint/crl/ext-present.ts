import type { CrlRule } from './context.ts';

export const extPresent: CrlRule = {
  id: 'R-EXT-PRESENT',
  title: 'there are extensions',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 9',
  mend: 'add authorityKeyIdentifier and cRLNumber',
  pkdCode: 'EXT.14',
  findings: ({ raw }) => (raw.hasExtensions ? [] : ['there are no extensions']),
};
