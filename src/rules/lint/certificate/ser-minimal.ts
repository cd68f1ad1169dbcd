import { hasPadding } from '../x509/integer-form.ts';
import type { CertificateRule } from './context.ts';

export const serMinimal: CertificateRule = {
  id: 'C-SER-MINIMAL',
  title: 'serialNumber has as few octets as possible',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'leave out redundant leading octets',
  pkdCode: 'SER.2',
  findings: ({ certificate }) =>
    hasPadding(certificate.serialNumberOctets) ? ['serialNumber has redundant leading octets'] : [],
};
