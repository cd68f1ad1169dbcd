import { type CertificateRule, extensionOf } from './context.ts';
import { valueElement } from '../x509/raw-extension.ts';

export const kuEncoding: CertificateRule = {
  id: 'C-KU-ENCODING',
  title: 'keyUsage ends with its last bit that is set',
  severity: 'error',
  source: 'X.690 §11.2.2',
  mend: 'leave out trailing zero bits',
  findings: (context) => {
    const extension = extensionOf(context, 'keyUsage');
    if (extension === undefined) return [];
    const { octets, unusedBits } = valueElement(extension).bitString();
    const last = octets.at(-1);
    return last !== undefined && (last & (1 << unusedBits)) === 0 ? ['keyUsage has trailing zero bits'] : [];
  },
};
