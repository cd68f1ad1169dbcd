import { noEntryExtension } from './entry-extension-rule.ts';

export const entryextIssuer = noEntryExtension('R-ENTRYEXT-ISSUER', 'certificateIssuer', 'CEI.15');
