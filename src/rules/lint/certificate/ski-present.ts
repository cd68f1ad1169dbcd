import { mandatory } from './extension-rules.ts';

export const skiPresent = mandatory({
  id: 'C-SKI-PRESENT',
  extension: 'subjectKeyIdentifier',
  pkdCode: 'SKI.14',
});
