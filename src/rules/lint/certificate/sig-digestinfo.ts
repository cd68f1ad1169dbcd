import { digestInfoFindings } from '../x509/digest-info.ts';
import { needing } from './context.ts';

export const sigDigestinfo = needing(['issuer', 'signature'], {
  id: 'C-SIG-DIGESTINFO',
  title: 'the DigestInfo in a PKCS#1 v1.5 signature has the parameters NULL',
  severity: 'error',
  source: 'RFC 8017 §9.2',
  mend: 'let the token or library build DigestInfo; OpenSSL refuses one without NULL',
  findings: ({ certificate, issuer, signature }) =>
    digestInfoFindings(
      certificate.signatureAlgorithm,
      issuer.subjectPublicKey,
      certificate.tbsBytes,
      signature,
    ),
});
