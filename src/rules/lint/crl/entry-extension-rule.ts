import { type KnownOidName, oids } from '../../../formats/oids.ts';
import type { CrlRule } from './context.ts';

/** Entries have no extensions at all: the reason of a revocation stays in the records of the CSCA. */
export function noEntryExtension(id: string, extension: KnownOidName, pkdCode: string): CrlRule {
  return {
    id,
    title: `entries have no ${extension}`,
    severity: 'error',
    source: 'Doc 9303-12 §7.1.4 Table 10',
    mend: `leave ${extension} out of the entries; many libraries add it unasked`,
    pkdCode,
    findings: ({ entries }) => {
      const count = entries.extensions.get(oids[extension]) ?? 0;
      return count === 0 ? [] : [`${extension} in ${count} of its entries`];
    },
  };
}
