import { decodeAlgorithmIdentifier } from '../../../formats/algorithms/decode-algorithm-identifier.ts';
import { oids } from '../../../formats/oids.ts';
import type { CertificateRule } from './context.ts';

export const spkiRsaOid: CertificateRule = {
  id: 'C-SPKI-RSA-OID',
  title: 'an RSA key is marked rsaEncryption, whatever it signs with',
  severity: 'warning',
  source: 'good practice (RFC 4055 §1.2)',
  mend: 'write rsaEncryption: readers in the field do not know id-RSASSA-PSS keys',
  findings: ({ raw }) =>
    decodeAlgorithmIdentifier(raw.spkiAlgorithm).oid === oids.rsassaPss ? ['the key is id-RSASSA-PSS'] : [],
};
