import { notCritical } from './extension-rules.ts';

export const cdpCritical = notCritical({
  id: 'C-CDP-CRITICAL',
  extension: 'cRLDistributionPoints',
  pkdCode: 'CDP.18',
});
