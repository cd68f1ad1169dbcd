import { forbidden } from './extension-rules.ts';

export const ekuAbsent = forbidden({
  id: 'C-EKU-ABSENT',
  extension: 'extKeyUsage',
  pkdCode: 'EKU.15',
});
