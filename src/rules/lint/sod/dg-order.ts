import { needing } from './context.ts';

export const dgOrder = needing(['lds'], {
  id: 'S-DG-ORDER',
  title: 'data groups are in ascending order',
  severity: 'warning',
  source: 'good practice (Doc 9303-10 §4.6.2.3)',
  mend: 'sort them by number',
  findings: ({ lds }) => {
    const numbers = lds.dataGroupHashes.map(({ number }) => number);
    const isAscending = numbers.every((number, index) => index === 0 || number >= (numbers[index - 1] ?? 0));
    return isAscending ? [] : [`the order is ${numbers.join(', ')}`];
  },
});
