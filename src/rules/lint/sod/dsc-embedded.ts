import type { SodRule } from './context.ts';

export const dscEmbedded: SodRule = {
  id: 'S-DSC',
  title: 'the Document Signer certificate is embedded; in version 0 it may be absent',
  severity: 'error',
  source: 'Doc 9303-10 §4.6.2.2 Table 37',
  mend: 'embed the certificate of the key that signs',
  findings: ({ signedData, lds }) =>
    signedData.certificates.length === 0 && lds?.version !== 0 ? ['no certificate is embedded'] : [],
};
