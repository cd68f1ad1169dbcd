import { hasContact } from './alternative-name-rules.ts';

export const anIanContact = hasContact('C-AN-IAN-CONTACT', 'issuerAltName');
