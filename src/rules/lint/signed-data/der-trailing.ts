import type { SharedRule } from './context.ts';

export const derTrailing: SharedRule = ({ prefix }) => ({
  id: `${prefix}-DER-TRAILING`,
  title: 'nothing follows it in the file',
  severity: 'error',
  source: 'X.690 §8.1',
  mend: 'cut the octets after it off',
  needs: ['received'],
  findings: ({ received, fileLength }) => {
    const extra = (received?.length ?? fileLength) - fileLength;
    return extra === 0 ? [] : [`${extra} octets follow it`];
  },
});
