import { algFitsKey as ofCertificates } from '../certificate/alg-fits-key.ts';
import { wordsOf } from '../rule.ts';
import { algorithmFitsKey } from '../x509/algorithm.ts';
import { needing } from './context.ts';

export const algFitsKey = needing(['issuer'], {
  ...wordsOf(ofCertificates),
  id: 'R-ALG-FITS-KEY',
  findings: ({ raw, issuer }) => algorithmFitsKey(raw.signature, issuer.subjectPublicKey),
});
