import { forbidden } from './extension-rules.ts';

export const extPolicyConstraints = forbidden({
  id: 'C-EXT-POLICY-CONSTRAINTS',
  extension: 'policyConstraints',
  pkdCode: 'POC.15',
});
