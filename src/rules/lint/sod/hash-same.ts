import { needing } from './context.ts';

export const hashSame = needing(['lds'], {
  id: 'S-HASH-SAME',
  title: 'data groups, signed attributes and signature have one digest',
  severity: 'info',
  source: 'good practice (Doc 9303-10 §4.6.2)',
  mend: 'use one digest, matched to the key',
  findings: ({ lds, signers }) =>
    signers.flatMap(({ info: { digestAlgorithm, signatureAlgorithm } }) => {
      const digests = [
        lds.digest?.name,
        digestAlgorithm?.name,
        signatureAlgorithm.kind === 'unsupported' ? undefined : signatureAlgorithm.digest,
      ].filter((name) => name !== undefined);
      return new Set(digests).size > 1 ? [`they are ${digests.join(', ')}`] : [];
    }),
});
