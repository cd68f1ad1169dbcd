import { type CertificateRule, explicitParametersOf } from './context.ts';

export const spkiBasePoint: CertificateRule = {
  id: 'C-SPKI-BASE-POINT',
  title: 'the base point is uncompressed',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.6.3',
  mend: 'write the base point as 04, x, y',
  pkdCode: 'PKI.49',
  findings: (context) => {
    const form = explicitParametersOf(context);
    return form === undefined || form.basePointForm === 0x04 ? [] : ['the base point is compressed'];
  },
};
