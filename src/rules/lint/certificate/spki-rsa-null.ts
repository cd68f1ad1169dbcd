import { decodeAlgorithmIdentifier } from '../../../formats/algorithms/decode-algorithm-identifier.ts';
import { tags } from '../../../formats/der/tags.ts';
import { oids } from '../../../formats/oids.ts';
import type { CertificateRule } from './context.ts';

export const spkiRsaNull: CertificateRule = {
  id: 'C-SPKI-RSA-NULL',
  title: 'rsaEncryption has the parameters NULL',
  severity: 'error',
  source: 'RFC 3279 §2.3.1',
  mend: 'write NULL as parameters',
  findings: ({ raw }) => {
    const { oid, parameters } = decodeAlgorithmIdentifier(raw.spkiAlgorithm);
    return oid === oids.rsaEncryption && parameters?.tag !== tags.null
      ? ['rsaEncryption does not have NULL']
      : [];
  },
};
