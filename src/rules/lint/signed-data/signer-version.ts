import type { SharedRule } from './context.ts';

export const signerVersion: SharedRule = ({ prefix, source }) => ({
  id: `${prefix}-SIGNER-VERSION`,
  title: 'SignerInfo has the version 1 with issuerAndSerialNumber, 3 with subjectKeyIdentifier',
  severity: 'error',
  source,
  mend: 'write the version that goes with the signer identifier',
  findings: ({ signers }) =>
    signers
      .filter(({ info }) => info.version !== (info.sid.kind === 'issuerAndSerialNumber' ? 1 : 3))
      .map(({ info }) => `the version is ${info.version} with ${info.sid.kind}`),
});
