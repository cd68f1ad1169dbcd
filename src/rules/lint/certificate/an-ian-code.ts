import { hasCodeOfMrz } from './alternative-name-rules.ts';

export const anIanCode = hasCodeOfMrz('C-AN-IAN-CODE', 'issuerAltName');
