import { digestByOid } from '../../../formats/algorithms/digests.ts';
import type { DeviationListRule } from './context.ts';

export const digest: DeviationListRule = {
  id: 'D-DIGEST',
  title: 'where certificates are named by digest, digestAlgorithm says by which, and the digests are as long',
  severity: 'error',
  source: 'Doc 9303-12 §10.2',
  mend: 'write digestAlgorithm',
  findings: ({ deviationList }) => {
    const { digestAlgorithm } = deviationList;
    const octets = digestAlgorithm === undefined ? undefined : digestByOid(digestAlgorithm)?.octets;
    return deviationList.deviations.flatMap(({ documents: { dscIdentifier } }) => {
      if (dscIdentifier?.kind !== 'certificateDigest') return [];
      if (digestAlgorithm === undefined) return ['there is no digestAlgorithm'];
      const { length } = dscIdentifier.digest;
      return octets === undefined || length === octets
        ? []
        : [`a digest has ${length} octets, not ${octets}`];
    });
  },
};
