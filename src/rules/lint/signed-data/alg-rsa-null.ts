import { rsaHasNull } from '../x509/algorithm.ts';
import type { SharedRule } from './context.ts';

export const algRsaNull: SharedRule = ({ prefix, source }) => ({
  id: `${prefix}-ALG-RSA-NULL`,
  title: 'PKCS#1 v1.5 has the parameters NULL',
  severity: 'error',
  source,
  mend: 'write NULL as parameters of the signature algorithm',
  findings: ({ signers }) => signers.flatMap(({ raw }) => rsaHasNull(raw.signatureAlgorithm)),
});
