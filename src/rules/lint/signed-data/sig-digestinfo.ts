import { sigDigestinfo as ofCertificates } from '../certificate/sig-digestinfo.ts';
import { wordsOf } from '../rule.ts';
import { digestInfoFindings } from '../x509/digest-info.ts';
import type { SharedRule } from './context.ts';

export const sigDigestinfo: SharedRule = ({ prefix }) => ({
  ...wordsOf(ofCertificates),
  id: `${prefix}-SIG-DIGESTINFO`,
  findings: ({ signedData, signers }) =>
    signers.flatMap(({ info, certificate }) => {
      if (certificate === undefined) return [];
      const { signatureAlgorithm, signature, signedAttributes } = info;
      const data = signedAttributes?.received ?? signedData.digestedOctets ?? new Uint8Array();
      return digestInfoFindings(signatureAlgorithm, certificate.subjectPublicKey, data, signature);
    }),
});
