import { checkSignature } from '../../../formats/algorithms/verify-signature.ts';
import type { SharedRule } from './context.ts';

export const sig: SharedRule = ({ prefix, signer }) => ({
  id: `${prefix}-SIG`,
  title: `the signature holds under the key of the ${signer}`,
  severity: 'error',
  source: 'RFC 5652 §5.6',
  mend: 'do not release it: sign the DER of the signed attributes with the key of the signer',
  findings: ({ signedData, signers }) =>
    signers.flatMap(({ info, certificate }) => {
      const { signatureAlgorithm, signature, signedAttributes } = info;
      const key = certificate?.subjectPublicKey;
      // What this reader cannot verify it does not call wrong; other rules name the algorithm.
      if (key === undefined || key.kind === 'unsupported' || signatureAlgorithm.kind === 'unsupported')
        return [];
      const received = signedAttributes?.received ?? signedData.digestedOctets ?? new Uint8Array();
      const isHeld = (data: Uint8Array): boolean =>
        checkSignature(signatureAlgorithm, key, data, signature, { strict: false }).holds;
      const holds = isHeld(received) || (signedAttributes !== undefined && isHeld(signedAttributes.der));
      return holds ? [] : ['the signature does not hold'];
    }),
});
