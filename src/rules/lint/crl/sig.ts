import { checkSignature } from '../../../formats/algorithms/verify-signature.ts';
import { needing } from './context.ts';

export const sig = needing(['issuer', 'signature'], {
  id: 'R-SIG',
  title: 'the signature holds under the key of the CSCA',
  severity: 'error',
  source: 'RFC 5280 §5.1.1.3',
  mend: 'do not publish the CRL: sign the TBSCertList as it is with the key of its issuer',
  findings: ({ crl, issuer, signature }) => {
    const { signatureAlgorithm, tbsBytes } = crl;
    const publicKey = issuer.subjectPublicKey;
    // What this reader cannot verify it does not call wrong; other rules name the algorithm.
    if (signatureAlgorithm.kind === 'unsupported' || publicKey.kind === 'unsupported') return [];
    const { holds } = checkSignature(signatureAlgorithm, publicKey, tbsBytes, signature, { strict: false });
    return holds ? [] : ['the signature does not hold'];
  },
});
