import { sigDigestinfo as ofCertificates } from '../certificate/sig-digestinfo.ts';
import { wordsOf } from '../rule.ts';
import { digestInfoFindings } from '../x509/digest-info.ts';
import { needing } from './context.ts';

export const sigDigestinfo = needing(['issuer', 'signature'], {
  ...wordsOf(ofCertificates),
  id: 'R-SIG-DIGESTINFO',
  findings: ({ crl, issuer, signature }) =>
    digestInfoFindings(crl.signatureAlgorithm, issuer.subjectPublicKey, crl.tbsBytes, signature),
});
