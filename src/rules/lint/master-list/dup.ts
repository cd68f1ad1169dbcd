import type { MasterListRule } from './context.ts';

export const dup: MasterListRule = {
  id: 'M-DUP',
  title: 'no certificate is in the list twice',
  severity: 'warning',
  source: 'good practice (Doc 9303-12 §9.2)',
  mend: 'keep one of them',
  findings: ({ masterList }) => {
    const seen = new Set<string>();
    return masterList.certificates.flatMap(({ fingerprint, subject }) => {
      if (seen.has(fingerprint)) return [`${subject.display} (${fingerprint.slice(0, 16)}) is in it twice`];
      seen.add(fingerprint);
      return [];
    });
  },
};
