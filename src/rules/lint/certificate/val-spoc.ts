import { addPeriod } from '../../profile/period.ts';
import type { CertificateRule } from './context.ts';

export const valSpoc: CertificateRule = {
  id: 'C-VAL-SPOC',
  title: 'a SPOC certificate is valid for 6 to 18 months',
  severity: 'warning',
  source: 'Doc 9303-12 Table 1',
  mend: 'certify it for 6 to 18 months',
  appliesTo: (kind) => kind === 'spoc-client' || kind === 'spoc-server',
  findings: ({ certificate }) => {
    const { notBefore, notAfter } = certificate;
    const isShort = notAfter < addPeriod(notBefore, { years: 0, months: 6, days: -1 });
    const isLong = notAfter > addPeriod(notBefore, { years: 0, months: 18, days: 1 });
    const days = Math.round((notAfter.getTime() - notBefore.getTime()) / 86_400_000);
    return isShort || isLong ? [`it is valid for ${days} days`] : [];
  },
};
