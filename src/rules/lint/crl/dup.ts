import type { CrlRule } from './context.ts';

export const dup: CrlRule = {
  id: 'R-DUP',
  title: 'no serial number is revoked twice',
  severity: 'error',
  source: 'RFC 5280 §5.1.2.6',
  mend: 'keep the first entry of each',
  findings: ({ entries }) => entries.duplicates.map((serial) => `0x${serial} is in it more than once`),
};
