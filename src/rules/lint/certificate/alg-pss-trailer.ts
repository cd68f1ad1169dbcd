import { pssTrailerIsLeftOut } from '../x509/algorithm.ts';
import type { CertificateRule } from './context.ts';

export const algPssTrailer: CertificateRule = {
  id: 'C-ALG-PSS-TRAILER',
  title: 'trailerField of RSASSA-PSS, which has only its default, is not written',
  severity: 'error',
  source: 'X.690 §11.5',
  mend: 'leave trailerField out',
  pkdCode: 'SIG.22',
  findings: ({ raw }) => pssTrailerIsLeftOut(raw.signature),
};
