import { mandatory } from './extension-rules.ts';

export const akiPresent = mandatory({
  id: 'C-AKI-PRESENT',
  extension: 'authorityKeyIdentifier',
  pkdCode: 'AKI.14',
});
