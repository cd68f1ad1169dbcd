import { mandatory } from './extension-rules.ts';

export const ekuPresent = mandatory({
  id: 'C-EKU-PRESENT',
  extension: 'extKeyUsage',
});
