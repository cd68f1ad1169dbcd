import { type CertificateRule, extensionOf } from './context.ts';
import { cellOf } from './table-6.ts';

const extensions = ['authorityInfoAccess', 'subjectInfoAccess'] as const;

export const extInfoAccessCritical: CertificateRule = {
  id: 'C-EXT-INFO-ACCESS-CRITICAL',
  title: 'authorityInfoAccess and subjectInfoAccess are not critical',
  severity: 'error',
  source: 'Doc 9303-12 §7.1 Table 6',
  mend: 'do not mark them as critical',
  pkdCode: 'PIE.18',
  appliesTo: (kind, edition) => cellOf('authorityInfoAccess', kind, edition) === 'o nc',
  findings: (context) =>
    extensions
      .filter((name) => extensionOf(context, name)?.isCritical === true)
      .map((name) => `${name} is critical`),
};
