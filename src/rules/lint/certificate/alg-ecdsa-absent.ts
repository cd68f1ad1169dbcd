import { ecdsaHasNoParameters } from '../x509/algorithm.ts';
import type { CertificateRule } from './context.ts';

export const algEcdsaAbsent: CertificateRule = {
  id: 'C-ALG-ECDSA-ABSENT',
  title: 'ECDSA has no parameters',
  severity: 'error',
  source: 'RFC 5758 §3.2',
  mend: 'leave the parameters out, NULL too',
  findings: ({ raw }) => ecdsaHasNoParameters(raw.signature),
};
