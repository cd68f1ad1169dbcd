import { digestFitsCurve } from '../x509/algorithm.ts';
import { needing } from './context.ts';

export const algCurveDigest = needing(['issuer'], {
  id: 'C-ALG-CURVE-DIGEST',
  title: 'the digest is as strong as the curve of the key that signs',
  severity: 'warning',
  source: 'good practice (TR-03111 §4.1)',
  mend: 'use SHA-256 with curves of 256 bits, SHA-384 with 384, SHA-512 with 512 and 521',
  findings: ({ raw, issuer }) => digestFitsCurve(raw.signature, issuer.subjectPublicKey),
});
