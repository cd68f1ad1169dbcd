import { parseSubjectPublicKey } from '../../../formats/algorithms/subject-public-key.ts';
import { MalformedInput } from '../../../formats/malformed-input.ts';
import { needing } from './context.ts';
import { contentOfDg15 } from './dg15.ts';

export const dg15Key = needing(['dataGroups'], {
  id: 'S-DG15',
  title: 'DG15 is the tag 6F around the public key of Active Authentication',
  severity: 'error',
  source: 'Doc 9303-11 §6.1.5',
  mend: 'encode the key as SubjectPublicKeyInfo',
  findings: ({ dataGroups }) => {
    const dg15 = dataGroups.get(15);
    if (dg15 === undefined) return [];
    try {
      const key = parseSubjectPublicKey(contentOfDg15(dg15));
      return key.kind === 'unsupported' ? [key.reason] : [];
    } catch (error) {
      if (error instanceof MalformedInput) return [error.message];
      throw error;
    }
  },
});
