import { serialNumberIsPrintable } from '../x509/names.ts';
import { type CertificateRule, namesOf } from './context.ts';

export const dn1SerialType: CertificateRule = {
  id: 'C-DN1-SERIAL-TYPE',
  title: 'the attribute serialNumber is a PrintableString',
  severity: 'error',
  source: 'Doc 9303-12 Table 5',
  mend: 'encode the attribute serialNumber as PrintableString',
  pkdCode: 'SUB.11',
  findings: (context) => namesOf(context).flatMap(serialNumberIsPrintable),
};
