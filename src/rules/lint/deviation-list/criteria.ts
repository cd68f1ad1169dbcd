import type { DeviationListRule } from './context.ts';

export const criteria: DeviationListRule = {
  id: 'D-CRITERIA',
  title: 'each deviation says which documents it is about',
  severity: 'warning',
  source: 'good practice (Doc 9303-12 §10.2)',
  mend: 'give at least one criterion: without any it is about every document of the State',
  findings: ({ deviationList }) =>
    deviationList.deviations
      .filter(({ documents }) => Object.values(documents).every((criterion) => criterion === undefined))
      .map(() => 'a deviation has no criterion'),
};
