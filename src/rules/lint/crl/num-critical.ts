import { notCriticalInCrl } from './crl-extension-rules.ts';

export const numCritical = notCriticalInCrl('R-NUM-CRITICAL', 'cRLNumber', 'CRN.18');
