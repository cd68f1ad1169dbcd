import { needing } from './context.ts';

export const ccSan = needing(['dsc', 'mrz'], {
  id: 'S-CC-SAN',
  title: 'the issuing State of the MRZ is that of the subjectAltName of the Document Signer',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.2',
  mend: 'sign with a Document Signer of the issuing State',
  findings: ({ dsc, mrz: { issuingState } }) => {
    const { country, stateOrProvince } = dsc.subjectAltName ?? {};
    if (country === undefined || country === issuingState || stateOrProvince === issuingState) return [];
    return [`the MRZ has ${issuingState}, subjectAltName ${country}`];
  },
});
