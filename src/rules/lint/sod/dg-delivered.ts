import { needing } from './context.ts';

export const dgDelivered = needing(['lds', 'dataGroups'], {
  id: 'S-DG-DELIVERED',
  title: 'it has the data groups that are on the chip, all of them and no others',
  severity: 'error',
  source: 'Doc 9303-10 §4.5.2',
  mend: 'hash every data group that is written to the chip',
  findings: ({ lds, dataGroups }) => {
    const numbers = lds.dataGroupHashes.map(({ number }) => number);
    return [
      ...[...dataGroups.keys()].filter((n) => !numbers.includes(n)).map((n) => `DG${n} is not signed`),
      ...numbers.filter((n) => !dataGroups.has(n)).map((n) => `DG${n} is signed, but not there`),
    ];
  },
});
