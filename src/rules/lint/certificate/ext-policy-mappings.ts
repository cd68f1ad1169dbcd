import { forbidden } from './extension-rules.ts';

export const extPolicyMappings = forbidden({
  id: 'C-EXT-POLICY-MAPPINGS',
  extension: 'policyMappings',
  pkdCode: 'POM.15',
});
