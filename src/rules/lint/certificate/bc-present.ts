import { mandatory } from './extension-rules.ts';

export const bcPresent = mandatory({
  id: 'C-BC-PRESENT',
  extension: 'basicConstraints',
  pkdCode: 'BAC.14',
});
