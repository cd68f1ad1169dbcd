import { oids } from '../../../formats/oids.ts';
import type { CrlRule } from './context.ts';

/** Each has a rule of its own. */
const listed: readonly string[] = [
  oids.authorityKeyIdentifier,
  oids.cRLNumber,
  oids.issuerAltName,
  oids.deltaCRLIndicator,
  oids.issuingDistributionPoint,
  oids.freshestCRL,
];

export const extPrivateCritical: CrlRule = {
  id: 'R-EXT-PRIVATE-CRITICAL',
  title: 'extensions that Table 10 does not list are not critical',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 10',
  mend: 'do not mark private extensions as critical: readers must refuse what they do not know',
  findings: ({ raw }) =>
    raw.extensions
      .filter(({ oid, isCritical }) => isCritical && !listed.includes(oid))
      .map(({ name }) => `${name} is critical`),
};
