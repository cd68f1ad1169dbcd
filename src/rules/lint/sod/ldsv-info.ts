import { needing } from './context.ts';

export const ldsvInfo = needing(['lds'], {
  id: 'S-LDSV-INFO',
  title: 'version 1 has ldsVersionInfo, version 0 has none',
  severity: 'error',
  source: 'Doc 9303-10 §4.6.2.3',
  mend: 'write ldsVersionInfo in version 1 only',
  findings: ({ lds: { version, versionInfo } }) => {
    if (version === 1 && versionInfo === undefined) return ['version 1 without ldsVersionInfo'];
    return version === 0 && versionInfo !== undefined ? ['version 0 with ldsVersionInfo'] : [];
  },
});
