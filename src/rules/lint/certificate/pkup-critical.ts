import { notCritical } from './extension-rules.ts';

export const pkupCritical = notCritical({
  id: 'C-PKUP-CRITICAL',
  extension: 'privateKeyUsagePeriod',
  pkdCode: 'PKU.18',
});
