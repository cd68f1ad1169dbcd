import type { CertificateRule } from './context.ts';
import { anyExtendedKeyUsage } from './purposes.ts';

export const ekuAny: CertificateRule = {
  id: 'C-EKU-ANY',
  title: 'extKeyUsage is not anyExtendedKeyUsage',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.3',
  mend: 'write the purpose of the kind of certificate',
  findings: ({ certificate }) =>
    certificate.extendedKeyUsage?.includes(anyExtendedKeyUsage) === true
      ? ['extKeyUsage has anyExtendedKeyUsage']
      : [],
};
