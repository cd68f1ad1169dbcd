import { hasPadding } from '../x509/integer-form.ts';
import { valueElement } from '../x509/raw-extension.ts';
import { type CrlRule, extensionOf } from './context.ts';

export const numMinimal: CrlRule = {
  id: 'R-NUM-MINIMAL',
  title: 'cRLNumber has as few octets as possible',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 10',
  mend: 'leave out redundant leading octets',
  pkdCode: 'CRN.2',
  findings: (context) => {
    const extension = extensionOf(context, 'cRLNumber');
    const isPadded = extension !== undefined && hasPadding(valueElement(extension).content);
    return isPadded ? ['cRLNumber has redundant leading octets'] : [];
  },
};
