import { addPeriod, type Period } from '../../profile/period.ts';
import type { CertificateRule } from './context.ts';
import { isCa, type CertificateKind } from './kind.ts';

const months = (count: number, days = 0): Period => ({ years: 0, months: count, days });

function longestUse(kind: CertificateKind): Period | undefined {
  if (isCa(kind)) return months(60, 1);
  // Three months, and some days for the next signer to take over.
  return kind === 'document-signer' || kind === 'dtc-signer' ? months(0, 100) : undefined;
}

export const pkupLength: CertificateRule = {
  id: 'C-PKUP-LENGTH',
  title: 'a Document Signer key is used for three months at most, a CSCA key for five years',
  severity: 'warning',
  source: 'Doc 9303-12 Table 1, §4.1.1',
  mend: 'shorten the use of the private key',
  appliesTo: (kind) => longestUse(kind) !== undefined,
  findings: ({ certificate, kind }) => {
    const { notBefore = certificate.notBefore, notAfter } = certificate.privateKeyUsagePeriod ?? {};
    const longest = longestUse(kind);
    if (notAfter === undefined || longest === undefined || notAfter <= addPeriod(notBefore, longest))
      return [];
    return [`it is used for ${Math.round((notAfter.getTime() - notBefore.getTime()) / 86_400_000)} days`];
  },
};
