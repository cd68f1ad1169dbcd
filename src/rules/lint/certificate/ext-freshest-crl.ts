import { forbidden } from './extension-rules.ts';

export const extFreshestCrl = forbidden({
  id: 'C-EXT-FRESHEST-CRL',
  extension: 'freshestCRL',
  pkdCode: 'FCR.15',
});
