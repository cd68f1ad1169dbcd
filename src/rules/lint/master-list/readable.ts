import type { MasterListRule } from './context.ts';

export const readable: MasterListRule = {
  id: 'M-READABLE',
  title: 'every certificate of the list can be read',
  severity: 'warning',
  source: 'Doc 9303-12 §9.2',
  mend: 'ask the State for a certificate that readers can use',
  findings: ({ masterList }) => masterList.malformed.map(({ fault }) => fault.message),
};
