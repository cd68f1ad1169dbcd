import type { CertificateRule } from './context.ts';

export const pkupBoth: CertificateRule = {
  id: 'C-PKUP-BOTH',
  title: 'privateKeyUsagePeriod says when use begins and when it ends',
  severity: 'info',
  source: 'good practice (Doc 9303-12 §7.1.1.1)',
  mend: 'write both',
  findings: ({ certificate }) => {
    const period = certificate.privateKeyUsagePeriod;
    if (period === undefined) return [];
    const { notBefore, notAfter } = period;
    if ((notBefore === undefined) === (notAfter === undefined)) return [];
    return [`there is no ${notBefore === undefined ? 'notBefore' : 'notAfter'}`];
  },
};
