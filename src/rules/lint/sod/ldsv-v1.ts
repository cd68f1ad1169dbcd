import { needing } from './context.ts';

export const ldsvV1 = needing(['lds'], {
  id: 'S-LDSV-V1',
  title: 'LDSSecurityObject has the version 1, that of LDS 1.8',
  // Version 0 is legacy, and every reader must take it.
  severity: 'info',
  source: 'Doc 9303-10 §4.6.2.3, appendix D',
  mend: 'write the version 1, with ldsVersionInfo',
  findings: ({ lds: { version } }) => (version === 0 ? ['the version is 0'] : []),
});
