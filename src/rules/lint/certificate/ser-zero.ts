import type { CertificateRule } from './context.ts';

export const serZero: CertificateRule = {
  id: 'C-SER-ZERO',
  title: 'serialNumber is not zero',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'give a positive serial number',
  pkdCode: 'SER.0',
  findings: ({ certificate }) => (certificate.serialNumber === 0n ? ['serialNumber is 0'] : []),
};
