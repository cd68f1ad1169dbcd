import { notCritical } from './extension-rules.ts';

export const akiCritical = notCritical({
  id: 'C-AKI-CRITICAL',
  extension: 'authorityKeyIdentifier',
  pkdCode: 'AKI.18',
});
