import { notCritical } from './extension-rules.ts';

export const ncCritical = notCritical({
  id: 'C-NC-CRITICAL',
  extension: 'nameChange',
});
