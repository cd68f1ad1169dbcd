import { mandatory } from './extension-rules.ts';

export const pkupPresent = mandatory({
  id: 'C-PKUP-PRESENT',
  extension: 'privateKeyUsagePeriod',
  pkdCode: 'PKU.14',
});
