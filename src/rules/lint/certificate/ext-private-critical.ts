import { oids } from '../../../formats/oids.ts';
import type { CertificateRule } from './context.ts';
import { isMinimal } from './kind.ts';
import { tableExtensions } from './table-6.ts';

const listed = new Set<string>(tableExtensions.map((name) => oids[name]));

export const extPrivateCritical: CertificateRule = {
  id: 'C-EXT-PRIVATE-CRITICAL',
  title: 'extensions that Table 6 does not list are not critical',
  severity: 'error',
  source: 'Doc 9303-12 §7.1 Table 6',
  mend: 'do not mark private extensions as critical: readers must refuse what they do not know',
  pkdCode: 'PIE.18',
  appliesTo: (kind) => !isMinimal(kind),
  findings: ({ raw }) =>
    raw.extensions
      .filter(({ oid, isCritical }) => isCritical && !listed.has(oid))
      .map(({ name }) => `${name} is critical`),
};
