import { day } from '../day.ts';
import { needing } from './context.ts';

export const valIssuerPeriod = needing(['issuer', 'at'], {
  id: 'C-VAL-ISSUER-PERIOD',
  title: 'it is issued within the privateKeyUsagePeriod of the CSCA key',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.1',
  mend: 'issue under the newest CSCA key',
  appliesTo: (kind) => kind !== 'csca',
  findings: ({ issuer, at }) => {
    const period = issuer.privateKeyUsagePeriod;
    if (period?.notBefore !== undefined && at < period.notBefore) {
      return [`issued on ${day(at)}, the key may be used from ${day(period.notBefore)}`];
    }
    if (period?.notAfter !== undefined && at > period.notAfter) {
      return [`issued on ${day(at)}, the key may be used until ${day(period.notAfter)}`];
    }
    return [];
  },
});
