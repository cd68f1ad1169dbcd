import { checkSignature } from '../../../formats/algorithms/verify-signature.ts';
import { needing } from './context.ts';

export const sig = needing(['issuer', 'signature'], {
  id: 'C-SIG',
  title: 'the signature holds under the key of the CSCA',
  severity: 'error',
  source: 'RFC 5280 §4.1.1.3',
  mend: 'do not release the certificate: sign the TBSCertificate as it is with the key of its issuer',
  findings: ({ certificate, issuer, signature }) => {
    const { signatureAlgorithm, tbsBytes } = certificate;
    const key = issuer.subjectPublicKey;
    // What this reader cannot verify it does not call wrong; other rules name the algorithm.
    if (signatureAlgorithm.kind === 'unsupported' || key.kind === 'unsupported') return [];
    const { holds } = checkSignature(signatureAlgorithm, key, tbsBytes, signature, { strict: false });
    return holds ? [] : ['the signature does not hold'];
  },
});
