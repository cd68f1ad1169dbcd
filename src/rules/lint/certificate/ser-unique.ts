import { needing } from './context.ts';

export const serUnique = needing(['register'], {
  id: 'C-SER-UNIQUE',
  title: 'serialNumber was never used before by this CSCA, under any key or name',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'give a new serial number',
  findings: ({ certificate, register }) =>
    register.hasSerialNumber(certificate.serialNumber)
      ? [`serialNumber ${certificate.serialNumber} was given before`]
      : [],
});
