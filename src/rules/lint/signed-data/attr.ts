import type { SharedRule } from './context.ts';

export const attr: SharedRule = ({ prefix, source }) => ({
  id: `${prefix}-ATTR`,
  title: 'there are signed attributes',
  severity: 'error',
  source,
  mend: 'sign content-type, message-digest and what else there is to say',
  findings: ({ signers }) =>
    signers.some(({ info }) => info.signedAttributes === undefined) ? ['there are no signed attributes'] : [],
});
