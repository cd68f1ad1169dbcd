import { oidName } from '../../../formats/oids.ts';
import type { CertificateRule } from './context.ts';
import type { CertificateKind } from './kind.ts';
import { anyExtendedKeyUsage, purposesOf } from './purposes.ts';

/** Tables 7 and 8 say which values there are; of the lists' signers the standard says only which there must be. */
const kinds: readonly CertificateKind[] = ['lds2-signer', 'vds-signer'];

export const ekuForeign: CertificateRule = {
  id: 'C-EKU-FOREIGN',
  title: 'extKeyUsage of an LDS2 or bar-code signer has purposes of its own kind only',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.2 Table 7, §7.1.3 Table 8',
  mend: 'leave out every purpose of another kind',
  appliesTo: (kind) => kinds.includes(kind),
  findings: ({ certificate, kind }) => {
    const found = certificate.extendedKeyUsage ?? [];
    const own = purposesOf(kind) ?? [];
    // Without its own purpose at all it is another rule's matter.
    if (!found.some((purpose) => own.includes(purpose))) return [];
    return found
      .filter((purpose) => !own.includes(purpose) && purpose !== anyExtendedKeyUsage)
      .map((purpose) => `extKeyUsage has ${oidName(purpose) ?? purpose} too`);
  },
};

export function mayHaveFurtherPurposes(kind: CertificateKind): boolean {
  return !kinds.includes(kind);
}
