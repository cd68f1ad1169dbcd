import { hasCountryCode } from './alternative-name-rules.ts';

export const anIanCountry = hasCountryCode('C-AN-IAN-COUNTRY', 'issuerAltName');
