import { decodeAlgorithmIdentifier } from '../../../formats/algorithms/decode-algorithm-identifier.ts';
import { oidName } from '../../../formats/oids.ts';
import type { SharedRule } from './context.ts';
import { keyTypes } from './key-types.ts';

export const algKeyType: SharedRule = ({ prefix }) => ({
  id: `${prefix}-ALG-KEY-TYPE`,
  title: 'signatureAlgorithm names the digest too, not the type of key alone',
  severity: 'warning',
  source: 'good practice (RFC 3370 §3.2)',
  mend: 'write sha256WithRSAEncryption, ecdsa-with-SHA256 and the like',
  findings: ({ signers }) =>
    signers
      .map(({ raw }) => decodeAlgorithmIdentifier(raw.signatureAlgorithm).oid)
      .filter((oid) => keyTypes.includes(oid))
      .map((oid) => `signatureAlgorithm is ${oidName(oid) ?? oid}`),
});
