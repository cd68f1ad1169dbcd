import { needing } from './context.ts';

export const anMrz = needing(['mrzCode'], {
  id: 'C-AN-MRZ',
  title: 'localityName of subjectAltName is the code that the issuer prints in the MRZ',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.2',
  mend: 'write the code of the issuing State',
  findings: ({ certificate, mrzCode }) => {
    const country = certificate.subjectAltName?.country;
    return country === undefined || country === mrzCode ? [] : [`localityName is ${country}, not ${mrzCode}`];
  },
});
