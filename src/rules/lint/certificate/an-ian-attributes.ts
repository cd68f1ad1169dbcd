import { hasNoOtherAttribute } from './alternative-name-rules.ts';

export const anIanAttributes = hasNoOtherAttribute('C-AN-IAN-ATTRIBUTES', 'issuerAltName');
