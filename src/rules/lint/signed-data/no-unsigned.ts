import type { SharedRule } from './context.ts';

export const noUnsigned: SharedRule = ({ prefix, source }) => ({
  id: `${prefix}-NOUNSIGNED`,
  title: 'there are no unsigned attributes',
  // A deviation list must not have them, an EF.SOD should not, a master list may.
  severity: prefix === 'D' ? 'error' : prefix === 'S' ? 'warning' : 'info',
  source,
  mend: 'leave unsignedAttrs out',
  findings: ({ signers }) =>
    signers.some(({ info }) => info.hasUnsignedAttributes) ? ['there are unsigned attributes'] : [],
});
