import type { RuleDescription } from '../rule.ts';

/** Judged by the decoder: what it throws is the finding. */
export const read: RuleDescription = {
  id: 'C-READ',
  title: 'the certificate can be read',
  severity: 'error',
  source: 'RFC 5280 §4.1',
  mend: 'make the certificate anew; the detail says where it cannot be read',
};
