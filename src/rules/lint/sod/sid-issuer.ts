import type { SodRule } from './context.ts';

export const sidIssuer: SodRule = {
  id: 'S-SID-ISSUER',
  title: 'the signer is named by issuerAndSerialNumber',
  severity: 'warning',
  source: 'Doc 9303-10 §4.6.2.2 Table 37',
  mend: 'name the signer by the issuer and serial number of its certificate',
  findings: ({ signers }) =>
    signers
      .filter(({ info }) => info.sid.kind !== 'issuerAndSerialNumber')
      .map(({ info }) => `the signer is named by ${info.sid.kind}`),
};
