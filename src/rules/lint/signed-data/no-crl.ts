import type { SharedRule } from './context.ts';

export const noCrl: SharedRule = ({ prefix, source }) => ({
  id: `${prefix}-NOCRL`,
  title: 'SignedData has no crls',
  // In Doc 9303-10 "x" is SHOULD NOT.
  severity: prefix === 'S' ? 'warning' : 'error',
  source,
  mend: 'leave crls out',
  findings: ({ signedData }) => (signedData.hasCrls ? ['there is crls'] : []),
});
