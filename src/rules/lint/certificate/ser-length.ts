import type { CertificateRule } from './context.ts';

export const serLength: CertificateRule = {
  id: 'C-SER-LENGTH',
  title: 'serialNumber has at most 20 octets, a leading zero octet counted',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'give a serial number below 2^159',
  pkdCode: 'SER.3',
  findings: ({ certificate }) => {
    const { length } = certificate.serialNumberOctets;
    return length <= 20 ? [] : [`serialNumber has ${length} octets`];
  },
};
