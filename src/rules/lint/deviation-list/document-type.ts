import type { DeviationListRule } from './context.ts';

export const documentType: DeviationListRule = {
  id: 'D-DOCTYPE',
  title: 'documentType is two characters as in the MRZ, with filler',
  // The syntax says two, the comment beside it and published lists have one.
  severity: 'info',
  source: 'Doc 9303-12 §10.2',
  mend: 'fill a code of one letter up with <',
  findings: ({ deviationList }) =>
    deviationList.deviations.flatMap(({ documents: { documentType: code } }) =>
      code === undefined || /^[A-Z][A-Z<]$/.test(code) ? [] : [`documentType is ${JSON.stringify(code)}`],
    ),
};
