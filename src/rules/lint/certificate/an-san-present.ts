import { mandatory } from './extension-rules.ts';

export const anSanPresent = mandatory({
  id: 'C-AN-SAN-PRESENT',
  extension: 'subjectAltName',
  pkdCode: 'SAN.14',
});
