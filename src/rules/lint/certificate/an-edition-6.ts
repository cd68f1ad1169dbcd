import { type CertificateRule, extensionOf } from './context.ts';
import { cellOf } from './table-6.ts';

const extensions = ['subjectAltName', 'issuerAltName'] as const;

export const anEdition6: CertificateRule = {
  id: 'C-AN-EDITION-6',
  title: 'subjectAltName and issuerAltName are not in certificates of the 6th edition',
  // It forbade what the 7th demands; who had them early was ahead, not wrong for any reader.
  severity: 'info',
  source: 'Doc 9303-12 appendix C',
  mend: 'nothing: from the 7th edition on they must be there',
  appliesTo: (kind, edition) => edition === 6 && cellOf('subjectAltName', kind, edition) === 'x',
  findings: (context) =>
    extensions.filter((name) => extensionOf(context, name) !== undefined).map((name) => `there is ${name}`),
};
