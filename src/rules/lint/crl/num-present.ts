import { mandatoryInCrl } from './crl-extension-rules.ts';

export const numPresent = mandatoryInCrl('R-NUM-PRESENT', 'cRLNumber', 'CRN.14');
