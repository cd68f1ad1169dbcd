import { addPeriod } from '../../profile/period.ts';
import { needing } from './context.ts';

export const pkupPolicy = needing(['longestUsage'], {
  id: 'C-PKUP-POLICY',
  title: 'the private key is not used for longer than policy allows',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.1',
  mend: 'shorten the use of the private key, or change the policy',
  findings: ({ certificate, longestUsage }) => {
    const { notBefore = certificate.notBefore, notAfter } = certificate.privateKeyUsagePeriod ?? {};
    if (notAfter === undefined || notAfter <= addPeriod(notBefore, longestUsage)) return [];
    return [`it is used for ${Math.round((notAfter.getTime() - notBefore.getTime()) / 86_400_000)} days`];
  },
});
