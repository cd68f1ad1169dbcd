import { mandatoryInCrl } from './crl-extension-rules.ts';

export const akiPresent = mandatoryInCrl('R-AKI-PRESENT', 'authorityKeyIdentifier', 'AKI.14');
