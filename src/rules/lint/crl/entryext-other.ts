import { oids } from '../../../formats/oids.ts';
import type { CrlRule } from './context.ts';

/** Each has a rule of its own. */
const standard: readonly string[] = [
  oids.reasonCode,
  oids.holdInstructionCode,
  oids.invalidityDate,
  oids.certificateIssuer,
];

export const entryextOther: CrlRule = {
  id: 'R-ENTRYEXT-OTHER',
  title: 'entries have no private extensions',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 10',
  mend: 'leave extensions out of the entries',
  findings: ({ entries }) =>
    [...entries.extensions]
      .filter(([oid]) => !standard.includes(oid))
      .map(([oid, count]) => `${oid} in ${count} of its entries`),
};
