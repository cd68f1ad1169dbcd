import { noEntryExtension } from './entry-extension-rule.ts';

export const entryextInvalidity = noEntryExtension('R-ENTRYEXT-INVALIDITY', 'invalidityDate', 'IND.15');
