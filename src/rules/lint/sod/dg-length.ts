import { needing } from './context.ts';

export const dgLength = needing(['lds'], {
  id: 'S-DG-LENGTH',
  title: 'each hash is as long as its algorithm makes it',
  severity: 'error',
  source: 'Doc 9303-10 §4.6.2.3',
  mend: 'write the hash that hashAlgorithm gives',
  findings: ({ lds: { digest, dataGroupHashes } }) =>
    dataGroupHashes
      .filter(({ hash }) => digest !== undefined && hash.length !== digest.octets)
      .map(({ number, hash }) => `that of DG${number} has ${hash.length} octets`),
});
