import { isCscaCertificate } from '../signed-data/signers.ts';
import type { MasterListRule } from './context.ts';

export const onlyCa: MasterListRule = {
  id: 'M-ONLYCA',
  title: 'the list has CSCA certificates only, self-signed or links',
  // Old CSCA certificates without the marks of a CA are known.
  severity: 'warning',
  source: 'Doc 9303-12 §9.2',
  mend: 'leave out what is no CSCA certificate',
  findings: ({ masterList }) =>
    masterList.certificates
      .filter((certificate) => !isCscaCertificate(certificate))
      .map(
        ({ subject, fingerprint }) =>
          `${subject.display} (${fingerprint.slice(0, 16)}) is no CSCA certificate`,
      ),
};
