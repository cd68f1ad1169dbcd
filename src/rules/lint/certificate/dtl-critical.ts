import { notCritical } from './extension-rules.ts';

export const dtlCritical = notCritical({
  id: 'C-DTL-CRITICAL',
  extension: 'documentTypeList',
  pkdCode: 'DTL.18',
});
