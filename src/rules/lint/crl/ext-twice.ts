import { twiceFindings } from '../x509/extension-form.ts';
import type { CrlRule } from './context.ts';

export const extTwice: CrlRule = {
  id: 'R-EXT-TWICE',
  title: 'no extension occurs twice',
  severity: 'error',
  source: 'RFC 5280 §4.2',
  mend: 'keep one of them',
  findings: ({ raw }) => twiceFindings(raw.extensions),
};
