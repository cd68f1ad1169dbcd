import { decodeAlgorithmIdentifier } from '../../../formats/algorithms/decode-algorithm-identifier.ts';
import type { SharedRule } from './context.ts';

export const digestNull: SharedRule = ({ prefix, source }) => ({
  id: `${prefix}-${prefix === 'S' ? 'NULL' : 'DIGEST-NULL'}`,
  title: 'digest algorithms have no parameters, NULL neither',
  severity: 'error',
  source,
  mend: 'leave the parameters out; readers must take both',
  findings: ({ raw, signers }) => {
    const places = [
      ...raw.digestAlgorithms.map((algorithm) => ['digestAlgorithms', algorithm] as const),
      ...signers.map((signer) => ['digestAlgorithm of the signer', signer.raw.digestAlgorithm] as const),
    ];
    return places
      .filter(([, algorithm]) => decodeAlgorithmIdentifier(algorithm).parameters !== undefined)
      .map(([place]) => `${place} has parameters`);
  },
});
