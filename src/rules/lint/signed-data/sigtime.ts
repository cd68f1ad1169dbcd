import type { SharedRule } from './context.ts';

export const sigtime: SharedRule = ({ prefix, source }) => ({
  id: `${prefix}-SIGTIME`,
  title: 'signing-time is signed',
  severity: 'error',
  source,
  mend: 'add the attribute signing-time',
  findings: ({ signers }) =>
    signers.flatMap(({ info: { signedAttributes } }) =>
      signedAttributes !== undefined && signedAttributes.signingTime === undefined
        ? ['there is no signing-time']
        : [],
    ),
});
