import type { CertificateRule } from './context.ts';
import { twiceFindings } from '../x509/extension-form.ts';

export const extTwice: CertificateRule = {
  id: 'C-EXT-TWICE',
  title: 'no extension occurs twice',
  severity: 'error',
  source: 'RFC 5280 §4.2',
  mend: 'keep one of them',
  findings: ({ raw }) => twiceFindings(raw.extensions),
};
