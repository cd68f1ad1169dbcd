import type { MasterListRule } from './context.ts';

export const self: MasterListRule = {
  id: 'M-SELF',
  title: 'the list has all CSCA certificates of the publishing State, of former keys and links too',
  severity: 'warning',
  source: 'good practice (Doc 9303-12 §5.3)',
  mend: 'add them: documents under a former key are valid for years',
  needs: ['own'],
  findings: ({ masterList, own }) => {
    const listed = new Set(masterList.certificates.map(({ fingerprint }) => fingerprint));
    return (own ?? [])
      .filter(({ fingerprint }) => !listed.has(fingerprint))
      .map(({ subject, fingerprint }) => `${subject.display} (${fingerprint.slice(0, 16)}) is missing`);
  },
};
