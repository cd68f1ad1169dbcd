import type { DeviationListRule } from './context.ts';
import { deviationTypes } from './deviation-types.ts';

export const type: DeviationListRule = {
  id: 'D-TYPE',
  title: 'each deviation has a type of Doc 9303-12',
  severity: 'error',
  source: 'Doc 9303-12 §10.2',
  mend: 'use a type below 2.23.136.1.1.7; what is national goes under .5 with nationalUse',
  findings: ({ deviationList }) =>
    deviationList.deviations
      .flatMap(({ descriptions }) => descriptions)
      .filter(({ deviationType }) => !deviationTypes.has(deviationType))
      .map(({ deviationType }) => `the type is ${deviationType}`),
};
