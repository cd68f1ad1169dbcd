import { notCriticalInCrl } from './crl-extension-rules.ts';

export const ianCritical = notCriticalInCrl('R-IAN-CRITICAL', 'issuerAltName', 'IAN.18');
