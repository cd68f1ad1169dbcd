import { noCrlExtension } from './crl-extension-rules.ts';

export const idp = noCrlExtension('R-IDP', 'issuingDistributionPoint', 'IDP.15');
