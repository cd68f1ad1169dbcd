import type { CertificateRule } from './context.ts';

export const serNegative: CertificateRule = {
  id: 'C-SER-NEGATIVE',
  title: 'serialNumber is not negative',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'put a zero octet before a first octet with its top bit set',
  pkdCode: 'SER.0',
  findings: ({ certificate }) =>
    certificate.serialNumber < 0n ? [`serialNumber is ${certificate.serialNumber}`] : [],
};
