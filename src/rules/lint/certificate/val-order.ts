import type { CertificateRule } from './context.ts';

export const valOrder: CertificateRule = {
  id: 'C-VAL-ORDER',
  title: 'notBefore lies before notAfter',
  severity: 'error',
  source: 'RFC 5280 §4.1.2.5',
  mend: 'let the validity end after it begins; a UTCTime cannot say 2050',
  findings: ({ certificate }) =>
    certificate.notBefore < certificate.notAfter ? [] : ['notBefore does not lie before notAfter'],
};
