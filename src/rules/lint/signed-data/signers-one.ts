import type { SharedRule } from './context.ts';

export const signersOne: SharedRule = ({ prefix, source }) => ({
  id: `${prefix}-SIGNERS-ONE`,
  title: 'there is one signature',
  severity: 'warning',
  source,
  mend: 'sign once: readers may look at the first signature only',
  findings: ({ signers }) => (signers.length > 1 ? [`there are ${signers.length} signatures`] : []),
});
