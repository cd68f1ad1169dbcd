import { keyIdentifier } from '../../../formats/algorithms/subject-public-key.ts';
import type { CertificateRule } from './context.ts';

export const skiMethod: CertificateRule = {
  id: 'C-SKI-METHOD',
  title: 'subjectKeyIdentifier is the SHA-1 of the key, so that it is the same wherever the key is',
  // Other methods are allowed; what counts is that root and link agree.
  severity: 'info',
  source: 'RFC 5280 §4.2.1.2',
  mend: 'compute it as SHA-1 of the octets of subjectPublicKey',
  findings: ({ certificate }) => {
    const own = certificate.subjectKeyIdentifier;
    if (own === undefined) return [];
    const expected = keyIdentifier(certificate.subjectPublicKey);
    return Buffer.compare(own, expected) === 0 ? [] : ['it is made in another way'];
  },
};
