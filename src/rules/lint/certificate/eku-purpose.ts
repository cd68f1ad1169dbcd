import { oidName } from '../../../formats/oids.ts';
import type { CertificateRule } from './context.ts';
import { purposesOf } from './purposes.ts';

export const ekuPurpose: CertificateRule = {
  id: 'C-EKU-PURPOSE',
  title: 'extKeyUsage has the purpose of the kind of certificate',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.3',
  mend: 'write the purpose of the kind of certificate',
  appliesTo: (kind) => purposesOf(kind) !== undefined,
  findings: ({ certificate, kind }) => {
    const found = certificate.extendedKeyUsage;
    const wanted = purposesOf(kind);
    if (found === undefined || wanted === undefined || wanted.some((purpose) => found.includes(purpose))) {
      return [];
    }
    return [`extKeyUsage is ${found.map((purpose) => oidName(purpose) ?? purpose).join(', ')}`];
  },
};
