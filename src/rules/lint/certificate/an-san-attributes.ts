import { hasNoOtherAttribute } from './alternative-name-rules.ts';

export const anSanAttributes = hasNoOtherAttribute('C-AN-SAN-ATTRIBUTES', 'subjectAltName');
