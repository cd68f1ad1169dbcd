import { type CertificateRule, explicitParametersOf } from './context.ts';

export const spkiCofactor: CertificateRule = {
  id: 'C-SPKI-COFACTOR',
  title: 'explicit domain parameters have the cofactor',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.6.3',
  mend: 'write the cofactor',
  pkdCode: 'PKI.48',
  findings: (context) =>
    explicitParametersOf(context)?.hasCofactor === false ? ['there is no cofactor'] : [],
};
