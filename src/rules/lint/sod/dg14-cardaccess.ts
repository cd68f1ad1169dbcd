import { isEqual } from '../signed-data/signers.ts';
import { needing } from './context.ts';
import { readDg14, readSecurityInfos } from './security-infos.ts';

export const dg14Cardaccess = needing(['dataGroups', 'cardAccess'], {
  id: 'S-DG14-CARDACCESS',
  title: 'DG14 repeats every SecurityInfo of EF.CardAccess, which nobody signs',
  severity: 'error',
  source: 'Doc 9303-11 §9.2',
  mend: 'copy all of EF.CardAccess into DG14',
  findings: ({ dataGroups, cardAccess }) => {
    const dg14 = dataGroups.get(14);
    const repeated = dg14 === undefined ? [] : readDg14(dg14);
    return readSecurityInfos(cardAccess)
      .filter((info) => !repeated.some((other) => isEqual(info.bytes, other.bytes)))
      .map(({ protocol }) => `DG14 does not have that of ${protocol}`);
  },
});
