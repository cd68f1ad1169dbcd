import { hasCodeOfMrz } from './alternative-name-rules.ts';

export const anSanCode = hasCodeOfMrz('C-AN-SAN-CODE', 'subjectAltName');
