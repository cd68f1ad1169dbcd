import { addPeriod } from '../../profile/period.ts';
import type { CertificateRule } from './context.ts';

/** Five years of use, documents of ten, three months of a Document Signer: Table 1 ends at 15 years. */
const longest = { years: 15, months: 4, days: 0 };

export const valCscaLength: CertificateRule = {
  id: 'C-VAL-CSCA-LENGTH',
  title: 'a CSCA certificate is not valid for longer than its key and ten-year documents need',
  severity: 'info',
  source: 'Doc 9303-12 Table 1',
  mend: 'renew the CSCA key every three to five years and certify it for 13 to 15',
  appliesTo: (kind) => kind === 'csca',
  findings: ({ certificate }) => {
    const { notBefore, notAfter } = certificate;
    if (notAfter <= addPeriod(notBefore, longest)) return [];
    const years = (notAfter.getTime() - notBefore.getTime()) / (365.25 * 86_400_000);
    return [`it is valid for ${years.toFixed(1)} years`];
  },
};
