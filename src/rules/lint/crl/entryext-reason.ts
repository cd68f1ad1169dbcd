import { noEntryExtension } from './entry-extension-rule.ts';

export const entryextReason = noEntryExtension('R-ENTRYEXT-REASON', 'reasonCode', 'REA.15');
