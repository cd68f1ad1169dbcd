import { needing } from './context.ts';

export const hashKnown = needing(['lds'], {
  id: 'S-HASH-KNOWN',
  title: 'data groups are hashed with SHA-224, SHA-256, SHA-384 or SHA-512',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.6.4',
  mend: 'hash data groups with SHA-256, SHA-384 or SHA-512',
  appliesTo: (_, edition) => edition >= 7,
  findings: ({ lds: { digest, hashAlgorithm } }) =>
    digest === undefined || digest.name === 'SHA-1'
      ? [`the hash is ${digest?.name ?? hashAlgorithm.oid}`]
      : [],
});
