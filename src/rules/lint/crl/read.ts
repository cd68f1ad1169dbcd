import type { RuleDescription } from '../rule.ts';

/** Judged by the decoder: what it throws is the finding. */
export const read: RuleDescription = {
  id: 'R-READ',
  title: 'the CRL can be read',
  severity: 'error',
  source: 'RFC 5280 §5.1',
  mend: 'make the CRL anew; the detail says where it cannot be read',
};
