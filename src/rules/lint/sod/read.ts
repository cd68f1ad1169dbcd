import type { RuleDescription } from '../rule.ts';

/** Judged by the decoder: what it throws is the finding. */
export const read: RuleDescription = {
  id: 'S-READ',
  title: 'EF.SOD can be read',
  severity: 'error',
  source: 'Doc 9303-10 §4.6.2',
  mend: 'make EF.SOD anew; the detail says where it cannot be read',
};
