import type { MasterListRule } from './context.ts';

export const listVersion: MasterListRule = {
  id: 'M-LIST-VERSION',
  title: 'CscaMasterList has the version 0',
  severity: 'error',
  source: 'Doc 9303-12 §9.2',
  mend: 'write the version 0',
  findings: ({ masterList: { version } }) => (version === 0 ? [] : [`the version is ${version}`]),
};
