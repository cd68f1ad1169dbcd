import { oidName } from '../../../formats/oids.ts';
import type { CertificateRule } from './context.ts';
import { mayHaveFurtherPurposes } from './eku-foreign.ts';
import { anyExtendedKeyUsage, purposesOf } from './purposes.ts';

export const ekuAlone: CertificateRule = {
  id: 'C-EKU-ALONE',
  title: 'extKeyUsage has no purpose beside that of the kind of certificate',
  severity: 'warning',
  source: 'good practice (Doc 9303-12 §7.1.1.3)',
  mend: 'leave out every other purpose',
  appliesTo: (kind) => purposesOf(kind) !== undefined && mayHaveFurtherPurposes(kind),
  findings: ({ certificate, kind }) => {
    const found = certificate.extendedKeyUsage ?? [];
    const wanted = purposesOf(kind) ?? [];
    // Without its own purpose at all it is another rule's matter.
    if (!found.some((purpose) => wanted.includes(purpose))) return [];
    return found
      .filter((purpose) => !wanted.includes(purpose) && purpose !== anyExtendedKeyUsage)
      .map((purpose) => `extKeyUsage has ${oidName(purpose) ?? purpose} too`);
  },
};
