import type { CertificateRule } from './context.ts';
import { isCa } from './kind.ts';

export const bcCa: CertificateRule = {
  id: 'C-BC-CA',
  title: 'basicConstraints of a CSCA has cA TRUE',
  severity: 'error',
  source: 'Doc 9303-12 §7.1 Table 6',
  mend: 'write cA TRUE',
  pkdCode: 'BAC.24',
  appliesTo: isCa,
  findings: ({ certificate }) => (certificate.basicConstraints?.cA === false ? ['cA is FALSE'] : []),
};
