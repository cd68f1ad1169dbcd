import { hasCountryCode } from './alternative-name-rules.ts';

export const anSanCountry = hasCountryCode('C-AN-SAN-COUNTRY', 'subjectAltName');
