import { charactersArePrintable } from '../x509/names.ts';
import { type CertificateRule, namesOf } from './context.ts';

export const dn1Characters: CertificateRule = {
  id: 'C-DN1-CHARACTERS',
  title: 'a PrintableString has only the characters of its type',
  severity: 'error',
  source: 'X.680 §41.4',
  mend: 'encode the attribute as UTF8String',
  findings: (context) => namesOf(context).flatMap(charactersArePrintable),
};
