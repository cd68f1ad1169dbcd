import { notCritical } from './extension-rules.ts';

export const anIanCritical = notCritical({
  id: 'C-AN-IAN-CRITICAL',
  extension: 'issuerAltName',
  pkdCode: 'IAN.18',
});
