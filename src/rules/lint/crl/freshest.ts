import { noCrlExtension } from './crl-extension-rules.ts';

export const freshest = noCrlExtension('R-FRESHEST', 'freshestCRL', 'FCR.15');
