import { decodeAlgorithmIdentifier } from '../../../formats/algorithms/decode-algorithm-identifier.ts';
import { algKnown as ofCertificates } from '../certificate/alg-known.ts';
import { wordsOf } from '../rule.ts';
import { isKnownAlgorithm } from '../x509/algorithm.ts';
import type { SharedRule } from './context.ts';
import { keyTypes } from './key-types.ts';

export const algKnown: SharedRule = ({ prefix }) => ({
  ...wordsOf(ofCertificates),
  id: `${prefix}-ALG-KNOWN`,
  findings: ({ signers }) =>
    signers
      .map(({ raw }) => raw.signatureAlgorithm)
      .filter((algorithm) => !keyTypes.includes(decodeAlgorithmIdentifier(algorithm).oid))
      .flatMap(isKnownAlgorithm),
});
