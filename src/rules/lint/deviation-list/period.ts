import { day } from '../day.ts';
import type { DeviationListRule } from './context.ts';

export const period: DeviationListRule = {
  id: 'D-PERIOD',
  title: 'firstIssued does not lie after lastIssued',
  severity: 'error',
  source: 'Doc 9303-12 §10.2',
  mend: 'write the first and the last day of issue',
  findings: ({ deviationList }) =>
    deviationList.deviations.flatMap(({ documents: { issuingDate } }) =>
      issuingDate === undefined || issuingDate.firstIssued <= issuingDate.lastIssued
        ? []
        : [`from ${day(issuingDate.firstIssued)} to ${day(issuingDate.lastIssued)}`],
    ),
};
