import { addPeriod } from '../../profile/period.ts';
import { day } from '../day.ts';
import { needing } from './context.ts';

export const valLifetime = needing(['longestSigned'], {
  id: 'C-VAL-LIFETIME',
  title: 'the validity covers the use of the private key and the longest validity of what it signs',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.1, §4.1.4 and Table 1',
  mend: 'lengthen the validity, or shorten the use of the private key',
  appliesTo: (kind) => kind === 'csca' || kind === 'document-signer' || kind === 'dtc-signer',
  findings: ({ certificate, longestSigned }) => {
    const usageEnd = certificate.privateKeyUsagePeriod?.notAfter;
    if (usageEnd === undefined) return [];
    const needed = addPeriod(usageEnd, longestSigned);
    return certificate.notAfter >= needed
      ? []
      : [`it ends on ${day(certificate.notAfter)}, what is signed may be valid until ${day(needed)}`];
  },
});
