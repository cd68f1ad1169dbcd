import { critical } from './extension-rules.ts';

export const kuCritical = critical({
  id: 'C-KU-CRITICAL',
  extension: 'keyUsage',
  pkdCode: 'BKU.19',
});
