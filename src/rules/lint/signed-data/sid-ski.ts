import type { SharedRule } from './context.ts';

export const sidSki: SharedRule = ({ prefix, source }) => ({
  id: `${prefix}-SID-SKI`,
  title: 'the signer is named by subjectKeyIdentifier',
  severity: 'warning',
  source,
  mend: 'name the signer by the subjectKeyIdentifier of its certificate',
  findings: ({ signers }) =>
    signers
      .filter(({ info }) => info.sid.kind !== 'subjectKeyIdentifier')
      .map(({ info }) => `the signer is named by ${info.sid.kind}`),
});
