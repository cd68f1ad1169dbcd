import type { RuleDescription } from '../rule.ts';

/** Judged by the decoder: what it throws is the finding. */
export const read: RuleDescription = {
  id: 'M-READ',
  title: 'the master list can be read',
  severity: 'error',
  source: 'Doc 9303-12 §9',
  mend: 'make the list anew; the detail says where it cannot be read',
};
