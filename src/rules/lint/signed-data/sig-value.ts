import { ecdsaValueFindings } from '../x509/ecdsa-value.ts';
import type { SharedRule } from './context.ts';

export const sigValue: SharedRule = ({ prefix }) => ({
  id: `${prefix}-SIG-VALUE`,
  title: 'an ECDSA signature is the DER of r and s',
  severity: 'error',
  source: 'RFC 3279 §2.2.3',
  mend: 'convert r‖s of the token to SEQUENCE { r INTEGER, s INTEGER }',
  findings: ({ signers }) =>
    signers.flatMap(({ info }) => ecdsaValueFindings(info.signatureAlgorithm, info.signature)),
});
