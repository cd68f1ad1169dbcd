import type { DeviationListRule } from './context.ts';

export const empty: DeviationListRule = {
  id: 'D-EMPTY',
  title: 'the list has a deviation, and each deviation a description',
  severity: 'warning',
  source: 'good practice (Doc 9303-12 §10.2)',
  mend: 'describe what deviates, or publish no list',
  findings: ({ deviationList: { deviations } }) => [
    ...(deviations.length === 0 ? ['there is no deviation'] : []),
    ...deviations
      .filter(({ descriptions }) => descriptions.length === 0)
      .map(() => 'a deviation has no description'),
  ],
};
