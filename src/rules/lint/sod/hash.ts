import { createHash } from 'node:crypto';
import { needing } from './context.ts';

export const hash = needing(['lds', 'dataGroups'], {
  id: 'S-HASH',
  title: 'each hash is that of the complete file of the data group',
  severity: 'error',
  source: 'Doc 9303-10 §4.6.2.3',
  mend: 'hash the file from its tag to its last octet, as it is written to the chip',
  findings: ({ lds: { digest, dataGroupHashes }, dataGroups }) =>
    dataGroupHashes.flatMap(({ number, hash: signed }) => {
      const content = dataGroups.get(number);
      // A hash of another length is another rule's matter.
      if (digest === undefined || content === undefined || signed.length !== digest.octets) return [];
      const actual = createHash(digest.node).update(content).digest();
      return actual.equals(signed) ? [] : [`DG${number} has another hash`];
    }),
});
