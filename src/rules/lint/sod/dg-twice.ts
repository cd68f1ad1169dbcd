import { needing } from './context.ts';

export const dgTwice = needing(['lds'], {
  id: 'S-DG-TWICE',
  title: 'no data group occurs twice',
  severity: 'error',
  source: 'Doc 9303-10 §4.6.2.3',
  mend: 'keep one hash of each',
  findings: ({ lds }) => {
    const numbers = lds.dataGroupHashes.map(({ number }) => number);
    const twice = numbers.filter((number, index) => numbers.indexOf(number) !== index);
    return twice.map((number) => `DG${number} occurs again`);
  },
});
