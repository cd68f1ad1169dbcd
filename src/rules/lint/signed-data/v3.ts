import type { SharedRule } from './context.ts';

export const v3: SharedRule = ({ prefix, source }) => ({
  id: `${prefix}-V3`,
  title: 'SignedData has the version 3',
  severity: 'error',
  source,
  mend: 'write the version 3',
  findings: ({ signedData: { version } }) => (version === 3 ? [] : [`the version is ${version}`]),
});
