import { MalformedInput } from '../../../formats/malformed-input.ts';
import { needing } from './context.ts';
import { readDg14 } from './security-infos.ts';

export const dg14Syntax = needing(['dataGroups'], {
  id: 'S-DG14-SYNTAX',
  title: 'DG14 is the tag 6E around SecurityInfos',
  severity: 'error',
  source: 'Doc 9303-11 §9.2',
  mend: 'encode DG14 as a SET OF SecurityInfo',
  findings: ({ dataGroups }) => {
    const dg14 = dataGroups.get(14);
    if (dg14 === undefined) return [];
    try {
      readDg14(dg14);
      return [];
    } catch (error) {
      if (error instanceof MalformedInput) return [error.message];
      throw error;
    }
  },
});
