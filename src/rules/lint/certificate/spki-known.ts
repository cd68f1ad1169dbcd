import { decodeAlgorithmIdentifier } from '../../../formats/algorithms/decode-algorithm-identifier.ts';
import { oidName, oids } from '../../../formats/oids.ts';
import type { CertificateRule } from './context.ts';

const dsa = '1.2.840.10040.4.1';
const known: readonly string[] = [oids.rsaEncryption, oids.rsassaPss, oids.idEcPublicKey, dsa];

export const spkiKnown: CertificateRule = {
  id: 'C-SPKI-KNOWN',
  title: 'the key is one of RSA, DSA or ECDSA',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.6',
  mend: 'certify a key of one of these kinds',
  findings: ({ raw }) => {
    const { oid } = decodeAlgorithmIdentifier(raw.spkiAlgorithm);
    return known.includes(oid) ? [] : [`the key is ${oidName(oid) ?? oid}`];
  },
};
