import { mandatory } from './extension-rules.ts';

export const anIanPresent = mandatory({
  id: 'C-AN-IAN-PRESENT',
  extension: 'issuerAltName',
  pkdCode: 'IAN.14',
});
