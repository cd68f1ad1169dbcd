import type { SodRule } from './context.ts';

export const tag77: SodRule = {
  id: 'S-TAG77',
  title: 'EF.SOD is the tag 77 around ContentInfo',
  severity: 'error',
  source: 'Doc 9303-10 §4.6.2',
  mend: 'wrap ContentInfo in the tag 77',
  findings: ({ hasTag77 }) => (hasTag77 ? [] : ['the tag 77 is missing']),
};
