import { type CertificateRule, extensionOf } from './context.ts';
import { isMinimal } from './kind.ts';
import { cellOf } from './table-6.ts';

const extensions = ['authorityInfoAccess', 'subjectInfoAccess'] as const;

export const extInfoAccess: CertificateRule = {
  id: 'C-EXT-INFO-ACCESS',
  title: 'authorityInfoAccess and subjectInfoAccess are not in certificates of the 6th edition',
  severity: 'error',
  source: 'Doc 9303-12 appendix C',
  mend: 'leave them out; from the 7th edition on they are allowed',
  appliesTo: (kind, edition) => !isMinimal(kind) && cellOf('authorityInfoAccess', kind, edition) === 'x',
  findings: (context) =>
    extensions.filter((name) => extensionOf(context, name) !== undefined).map((name) => `there is ${name}`),
};
