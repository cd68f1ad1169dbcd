import { needing } from './context.ts';

export const dgRange = needing(['lds'], {
  id: 'S-DG-RANGE',
  title: 'data groups have the numbers 1 to 16',
  severity: 'error',
  source: 'Doc 9303-10 §4.6.2.3',
  mend: 'leave out what is no data group',
  findings: ({ lds }) =>
    lds.dataGroupHashes
      .filter(({ number }) => number < 1 || number > 16)
      .map(({ number }) => `there is a data group ${number}`),
});
