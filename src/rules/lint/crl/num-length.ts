import { valueElement } from '../x509/raw-extension.ts';
import { type CrlRule, extensionOf } from './context.ts';

export const numLength: CrlRule = {
  id: 'R-NUM-LENGTH',
  title: 'cRLNumber has at most 20 octets',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 10',
  mend: 'count on from a smaller number',
  pkdCode: 'CRN.3',
  findings: (context) => {
    const extension = extensionOf(context, 'cRLNumber');
    const length = extension === undefined ? 0 : valueElement(extension).contentLength;
    return length <= 20 ? [] : [`cRLNumber has ${length} octets`];
  },
};
