import { needing } from './context.ts';

export const dgCom = needing(['lds', 'efCom'], {
  id: 'S-DG-COM',
  title: 'it has the data groups that EF.COM lists',
  severity: 'error',
  source: 'Doc 9303-10 §4.6.1',
  mend: 'list in EF.COM what is on the chip, and hash all of it',
  findings: ({ lds, efCom }) => {
    const numbers = lds.dataGroupHashes.map(({ number }) => number);
    return [
      ...numbers.filter((n) => !efCom.dataGroups.includes(n)).map((n) => `EF.COM has no DG${n}`),
      ...efCom.dataGroups.filter((n) => !numbers.includes(n)).map((n) => `only EF.COM has DG${n}`),
    ];
  },
});
