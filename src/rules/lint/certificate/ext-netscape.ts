import { forbidden } from './extension-rules.ts';

export const extNetscape = forbidden({
  id: 'C-EXT-NETSCAPE',
  extension: 'netscapeCertType',
  pkdCode: 'NCE.15',
});
