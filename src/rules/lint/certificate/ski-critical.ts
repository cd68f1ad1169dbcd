import { notCritical } from './extension-rules.ts';

export const skiCritical = notCritical({
  id: 'C-SKI-CRITICAL',
  extension: 'subjectKeyIdentifier',
  pkdCode: 'SKI.18',
});
