import { mandatory } from './extension-rules.ts';

export const dtlPresent = mandatory({
  id: 'C-DTL-PRESENT',
  extension: 'documentTypeList',
  pkdCode: 'DTL.14',
});
