import { createHash } from 'node:crypto';
import type { SharedRule } from './context.ts';
import { isEqual } from './signers.ts';

export const attrDigest: SharedRule = ({ prefix }) => ({
  id: `${prefix}-ATTR-DIGEST`,
  title: 'the signed message-digest is that of the content',
  severity: 'error',
  source: 'RFC 5652 §5.4, §11.2',
  mend: 'digest the octets of eContent, without tag and length',
  findings: ({ signedData, signers }) =>
    signers.flatMap(({ info: { signedAttributes, digestAlgorithm } }) => {
      if (signedAttributes === undefined || digestAlgorithm === undefined) return [];
      const { messageDigest } = signedAttributes;
      if (messageDigest === undefined) return ['there is no message-digest'];
      const content = signedData.digestedOctets ?? new Uint8Array();
      const digest = createHash(digestAlgorithm.node).update(content).digest();
      return isEqual(digest, messageDigest) ? [] : ['the message-digest is that of something else'];
    }),
});
