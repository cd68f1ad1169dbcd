import { noCrlExtension } from './crl-extension-rules.ts';

export const delta = noCrlExtension('R-DELTA', 'deltaCRLIndicator', 'DCR.15');
