import { needing } from './context.ts';

export const dgMandatory = needing(['lds'], {
  id: 'S-DG-MANDATORY',
  title: 'DG1 and DG2 are in it',
  severity: 'error',
  source: 'Doc 9303-10 §4.5.2',
  mend: 'add the hash of the MRZ and of the face',
  findings: ({ lds }) => {
    const numbers = lds.dataGroupHashes.map(({ number }) => number);
    return [1, 2].filter((number) => !numbers.includes(number)).map((number) => `DG${number} is missing`);
  },
});
