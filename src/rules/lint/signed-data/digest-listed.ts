import { oidName } from '../../../formats/oids.ts';
import type { SharedRule } from './context.ts';

export const digestListed: SharedRule = ({ prefix, source }) => ({
  id: `${prefix}-DIGEST-LISTED`,
  title: 'digestAlgorithms has the digest algorithm of each signer',
  severity: 'error',
  source,
  mend: 'list the digest algorithm of the signer',
  findings: ({ signedData, signers }) =>
    signers
      .map(({ info }) => info.digestAlgorithmOid)
      .filter((oid) => !signedData.digestAlgorithms.includes(oid))
      .map((oid) => `digestAlgorithms has no ${oidName(oid) ?? oid}`),
});
