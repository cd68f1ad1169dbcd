import type { CertificateRule } from './context.ts';

export const ver: CertificateRule = {
  id: 'C-VER',
  title: 'the version is v3',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'write the version 2, which stands for v3',
  pkdCode: 'VER.12',
  findings: ({ certificate }) =>
    certificate.version === 3 ? [] : [`the version is v${certificate.version}`],
};
