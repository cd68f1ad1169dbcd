import type { CertificateRule } from './context.ts';

export const pkupOrder: CertificateRule = {
  id: 'C-PKUP-ORDER',
  title: 'the use of the private key begins before it ends',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.1',
  mend: 'let notBefore lie before notAfter',
  findings: ({ certificate }) => {
    const { notBefore, notAfter } = certificate.privateKeyUsagePeriod ?? {};
    if (notBefore === undefined || notAfter === undefined || notBefore < notAfter) return [];
    return ['notBefore does not lie before notAfter'];
  },
};
