import { hasContact } from './alternative-name-rules.ts';

export const anSanContact = hasContact('C-AN-SAN-CONTACT', 'subjectAltName');
