import { algorithmFitsKey } from '../x509/algorithm.ts';
import type { SharedRule } from './context.ts';

export const algFitsKey: SharedRule = ({ prefix }) => ({
  id: `${prefix}-ALG-FITS-KEY`,
  title: 'the signature algorithm is one of the key that signs',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.6',
  mend: 'name the algorithm that the key signs with',
  findings: ({ signers }) =>
    signers.flatMap(({ raw, certificate }) =>
      certificate === undefined ? [] : algorithmFitsKey(raw.signatureAlgorithm, certificate.subjectPublicKey),
    ),
});
