import { algCurveDigest as ofCertificates } from '../certificate/alg-curve-digest.ts';
import { wordsOf } from '../rule.ts';
import { digestFitsCurve } from '../x509/algorithm.ts';
import { needing } from './context.ts';

export const algCurveDigest = needing(['issuer'], {
  ...wordsOf(ofCertificates),
  id: 'R-ALG-CURVE-DIGEST',
  findings: ({ raw, issuer }) => digestFitsCurve(raw.signature, issuer.subjectPublicKey),
});
