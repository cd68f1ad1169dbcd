import type { CertificateRule } from './context.ts';

export const extPresent: CertificateRule = {
  id: 'C-EXT-PRESENT',
  title: 'there are extensions',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'add the extensions of Doc 9303-12 Table 6',
  pkdCode: 'EXT.14',
  findings: ({ raw }) => (raw.hasExtensions ? [] : ['there are no extensions']),
};
