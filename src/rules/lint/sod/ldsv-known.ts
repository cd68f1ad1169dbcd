import { needing } from './context.ts';

export const ldsvKnown = needing(['lds'], {
  id: 'S-LDSV-KNOWN',
  title: 'LDSSecurityObject has the version 0 or 1',
  severity: 'error',
  source: 'Doc 9303-10 §4.6.2.3',
  mend: 'write the version 1',
  findings: ({ lds: { version } }) => (version === 0 || version === 1 ? [] : [`the version is ${version}`]),
});
