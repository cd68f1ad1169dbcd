import { needing } from './context.ts';

export const ccMrz = needing(['mrz', 'mrzCode'], {
  id: 'S-CC-MRZ',
  title: 'the issuing State of the MRZ is the one that signs',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.2',
  mend: 'send the document to the signer of its issuing State',
  findings: ({ mrz: { issuingState }, mrzCode }) =>
    issuingState === mrzCode ? [] : [`the MRZ has ${issuingState}, not ${mrzCode}`],
});
