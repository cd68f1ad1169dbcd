import { parseSubjectPublicKey } from '../../../formats/algorithms/subject-public-key.ts';
import { needing } from './context.ts';
import { contentOfDg15 } from './dg15.ts';
import { activeAuthenticationInfo, readDg14 } from './security-infos.ts';

export const dg14Aa = needing(['dataGroups'], {
  id: 'S-DG14-AA',
  title: 'DG14 says how Active Authentication signs where its key is on an elliptic curve',
  severity: 'error',
  source: 'Doc 9303-11 §9.2.4',
  mend: 'add ActiveAuthenticationInfo to DG14',
  findings: ({ dataGroups }) => {
    const dg15 = dataGroups.get(15);
    if (dg15 === undefined || parseSubjectPublicKey(contentOfDg15(dg15)).kind !== 'ec') return [];
    const dg14 = dataGroups.get(14);
    const infos = dg14 === undefined ? [] : readDg14(dg14);
    return infos.some(({ protocol }) => protocol === activeAuthenticationInfo)
      ? []
      : ['there is no ActiveAuthenticationInfo'];
  },
});
