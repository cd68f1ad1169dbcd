import { mandatory } from './extension-rules.ts';

export const cdpPresent = mandatory({
  id: 'C-CDP-PRESENT',
  extension: 'cRLDistributionPoints',
  pkdCode: 'CDP.14',
});
