import { defaultFindings } from '../x509/extension-form.ts';
import type { CertificateRule } from './context.ts';

export const extDefault: CertificateRule = {
  id: 'C-EXT-DEFAULT',
  title: 'critical FALSE, the default, is not written',
  severity: 'error',
  source: 'Doc 9303-12 Table 5, X.690 §11.5',
  mend: 'leave critical out where it is FALSE',
  pkdCode: 'EXT.22',
  findings: ({ raw }) => defaultFindings(raw.extensions),
};
