import { valueElement } from '../x509/raw-extension.ts';
import { type CertificateRule, extensionOf } from './context.ts';

export const bcDefault: CertificateRule = {
  id: 'C-BC-DEFAULT',
  title: 'cA FALSE, the default, is not written',
  severity: 'error',
  source: 'Doc 9303-12 Table 5, X.690 §11.5',
  mend: 'leave cA out where it is FALSE, and the extension with it',
  pkdCode: 'BAC.22',
  findings: (context) => {
    const extension = extensionOf(context, 'basicConstraints');
    if (extension === undefined) return [];
    const [first] = valueElement(extension).children('basicConstraints');
    return first?.tag === 0x01 && !first.boolean() ? ['cA FALSE is written out'] : [];
  },
};
