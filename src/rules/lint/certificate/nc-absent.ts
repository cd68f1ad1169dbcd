import { forbidden } from './extension-rules.ts';

export const ncAbsent = forbidden({
  id: 'C-NC-ABSENT',
  extension: 'nameChange',
});
