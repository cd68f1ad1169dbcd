import type { SharedRule } from './context.ts';

export const signed: SharedRule = ({ prefix, source }) => ({
  id: `${prefix}-SIGNED`,
  title: 'there is a signature',
  severity: 'error',
  source,
  mend: 'sign it',
  findings: ({ signers }) => (signers.length === 0 ? ['signerInfos is empty'] : []),
});
