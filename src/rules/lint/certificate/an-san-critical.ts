import { notCritical } from './extension-rules.ts';

export const anSanCritical = notCritical({
  id: 'C-AN-SAN-CRITICAL',
  extension: 'subjectAltName',
  pkdCode: 'SAN.18',
});
