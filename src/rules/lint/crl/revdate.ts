import type { CrlRule } from './context.ts';

export const revdate: CrlRule = {
  id: 'R-REVDATE',
  title: 'no certificate is revoked after thisUpdate',
  severity: 'error',
  source: 'RFC 5280 §5.3',
  mend: 'write when the revocation was decided',
  findings: ({ entries }) => entries.ofFuture.map((serial) => `0x${serial} is revoked after thisUpdate`),
};
