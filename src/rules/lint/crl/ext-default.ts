import { defaultFindings } from '../x509/extension-form.ts';
import type { CrlRule } from './context.ts';

export const extDefault: CrlRule = {
  id: 'R-EXT-DEFAULT',
  title: 'critical FALSE, the default, is not written',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 9, X.690 §11.5',
  mend: 'leave critical out where it is FALSE',
  pkdCode: 'EXT.22',
  findings: ({ raw }) => defaultFindings(raw.extensions),
};
