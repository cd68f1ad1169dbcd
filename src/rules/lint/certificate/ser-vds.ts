import type { CertificateRule } from './context.ts';

export const serVds: CertificateRule = {
  id: 'C-SER-VDS',
  title: 'serialNumber of a bar-code signer fits the five hexadecimal digits of a version 3 seal',
  severity: 'info',
  source: 'Doc 9303-13 §2.2.1',
  mend: 'give a serial number below 2^20, or make seals of version 4 only',
  appliesTo: (kind) => kind === 'vds-signer',
  findings: ({ certificate }) =>
    certificate.serialNumber < 1n << 20n ? [] : [`serialNumber is ${certificate.serialNumber}`],
};
