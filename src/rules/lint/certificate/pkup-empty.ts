import type { CertificateRule } from './context.ts';

export const pkupEmpty: CertificateRule = {
  id: 'C-PKUP-EMPTY',
  title: 'privateKeyUsagePeriod has notBefore or notAfter',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.1',
  mend: 'write both',
  pkdCode: 'PKU.17',
  findings: ({ certificate }) => {
    const period = certificate.privateKeyUsagePeriod;
    const isEmpty = period?.notBefore === undefined && period?.notAfter === undefined;
    return period !== undefined && isEmpty ? ['privateKeyUsagePeriod is empty'] : [];
  },
};
