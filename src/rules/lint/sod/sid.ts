import type { SodRule } from './context.ts';

export const sid: SodRule = {
  id: 'S-SID',
  title: 'the signer identifier names an embedded certificate, octet by octet',
  severity: 'error',
  source: 'RFC 5652 §5.3',
  mend: 'copy issuer and serial number from the Document Signer certificate',
  findings: ({ signedData, signers }) =>
    signedData.certificates.length > 0 && signers.some(({ certificate }) => certificate === undefined)
      ? ['it names another certificate']
      : [],
};
