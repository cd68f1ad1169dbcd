import { notCritical } from './extension-rules.ts';

export const extPoliciesCritical = notCritical({
  id: 'C-EXT-POLICIES-CRITICAL',
  extension: 'certificatePolicies',
  pkdCode: 'CEP.18',
});
