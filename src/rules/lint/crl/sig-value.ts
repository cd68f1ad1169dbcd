import { ecdsaValueFindings } from '../x509/ecdsa-value.ts';
import { needing } from './context.ts';

export const sigValue = needing(['signature'], {
  id: 'R-SIG-VALUE',
  title: 'an ECDSA signature is the DER of r and s',
  severity: 'error',
  source: 'RFC 3279 §2.2.3',
  mend: 'convert r‖s of the token to SEQUENCE { r INTEGER, s INTEGER }',
  findings: ({ crl, signature }) => ecdsaValueFindings(crl.signatureAlgorithm, signature),
});
