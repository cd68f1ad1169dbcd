import { forbidden } from './extension-rules.ts';

export const extInhibitAnyPolicy = forbidden({
  id: 'C-EXT-INHIBIT-ANY-POLICY',
  extension: 'inhibitAnyPolicy',
  pkdCode: 'IAP.15',
});
