import { needing } from './context.ts';

export const hashNull = needing(['lds'], {
  id: 'S-NULL-HASH',
  title: 'hashAlgorithm has no parameters, NULL neither',
  severity: 'error',
  source: 'Doc 9303-10 §4.6.2.2 Table 37',
  mend: 'leave the parameters out; readers must take both',
  findings: ({ lds }) => (lds.hashAlgorithm.parameters === undefined ? [] : ['hashAlgorithm has parameters']),
});
