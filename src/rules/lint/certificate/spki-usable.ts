import { toKeyObject } from '../../../formats/algorithms/subject-public-key.ts';
import { MalformedInput } from '../../../formats/malformed-input.ts';
import type { CertificateRule } from './context.ts';

export const spkiUsable: CertificateRule = {
  id: 'C-SPKI-USABLE',
  title: 'the public key can be used: a point lies on its curve',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.6, TR-03111 §3.2.2.1',
  mend: 'read the public key from the token anew',
  findings: ({ certificate }) => {
    const key = certificate.subjectPublicKey;
    if (key.kind === 'unsupported') return [];
    try {
      toKeyObject(key);
      return [];
    } catch (error) {
      if (error instanceof MalformedInput) return ['the public key cannot be used'];
      throw error;
    }
  },
};
