import { critical } from './extension-rules.ts';

export const bcCritical = critical({
  id: 'C-BC-CRITICAL',
  extension: 'basicConstraints',
  pkdCode: 'BAC.19',
});
