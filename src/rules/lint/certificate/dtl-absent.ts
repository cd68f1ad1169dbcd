import { forbidden } from './extension-rules.ts';

export const dtlAbsent = forbidden({
  id: 'C-DTL-ABSENT',
  extension: 'documentTypeList',
  pkdCode: 'DTL.15',
});
