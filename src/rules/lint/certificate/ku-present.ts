import { mandatory } from './extension-rules.ts';

export const kuPresent = mandatory({
  id: 'C-KU-PRESENT',
  extension: 'keyUsage',
  pkdCode: 'BKU.14',
});
