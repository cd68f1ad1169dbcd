import type { DeviationListRule } from './context.ts';

export const listVersion: DeviationListRule = {
  id: 'D-LIST-VERSION',
  title: 'DeviationList has the version 0',
  severity: 'error',
  source: 'Doc 9303-12 §10.2',
  mend: 'write the version 0',
  findings: ({ deviationList: { version } }) => (version === 0 ? [] : [`the version is ${version}`]),
};
