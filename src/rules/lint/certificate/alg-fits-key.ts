import { algorithmFitsKey } from '../x509/algorithm.ts';
import { needing } from './context.ts';

export const algFitsKey = needing(['issuer'], {
  id: 'C-ALG-FITS-KEY',
  title: 'the signature algorithm is one of the key that signs',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.6',
  mend: 'name the algorithm that the key of the CSCA signs with',
  findings: ({ raw, issuer }) => algorithmFitsKey(raw.signature, issuer.subjectPublicKey),
});
