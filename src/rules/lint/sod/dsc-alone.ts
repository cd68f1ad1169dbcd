import type { SodRule } from './context.ts';

export const dscAlone: SodRule = {
  id: 'S-DSC-ALONE',
  title: 'no certificate but that of the Document Signer is embedded',
  severity: 'warning',
  source: 'good practice (Doc 9303-10 §4.6.2.2)',
  mend: 'leave out other certificates: the chip is small, and readers have the CSCA',
  findings: ({ signedData }) => {
    const { length } = signedData.certificates;
    return length > 1 ? [`${length} certificates are embedded`] : [];
  },
};
