import type { CertificateRule } from './context.ts';

export const akiPair: CertificateRule = {
  id: 'C-AKI-PAIR',
  title: 'authorityCertIssuer and authorityCertSerialNumber are both there or both absent',
  severity: 'error',
  source: 'RFC 5280 §4.2.1.1',
  mend: 'leave out both',
  findings: ({ certificate }) => {
    const aki = certificate.authorityKeyIdentifier;
    if (aki === undefined) return [];
    const hasIssuer = aki.authorityCertIssuer !== undefined;
    const hasSerialNumber = aki.authorityCertSerialNumber !== undefined;
    if (hasIssuer === hasSerialNumber) return [];
    return [`there is only ${hasIssuer ? 'authorityCertIssuer' : 'authorityCertSerialNumber'}`];
  },
};
