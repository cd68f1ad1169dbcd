import { forbidden } from './extension-rules.ts';

export const bcAbsent = forbidden({
  id: 'C-BC-ABSENT',
  extension: 'basicConstraints',
  pkdCode: 'BAC.15',
});
