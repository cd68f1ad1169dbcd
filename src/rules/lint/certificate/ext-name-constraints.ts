import { forbidden } from './extension-rules.ts';

export const extNameConstraints = forbidden({
  id: 'C-EXT-NAME-CONSTRAINTS',
  extension: 'nameConstraints',
  pkdCode: 'NAC.15',
});
