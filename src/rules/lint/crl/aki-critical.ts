import { notCriticalInCrl } from './crl-extension-rules.ts';

export const akiCritical = notCriticalInCrl('R-AKI-CRITICAL', 'authorityKeyIdentifier', 'AKI.18');
