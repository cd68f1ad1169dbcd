import { noEntryExtension } from './entry-extension-rule.ts';

export const entryextHold = noEntryExtension('R-ENTRYEXT-HOLD', 'holdInstructionCode', 'HIC.15');
