import { notDer } from '../x509/not-der.ts';
import type { CertificateRule } from './context.ts';

export const der: CertificateRule = {
  id: 'C-DER',
  title: 'the certificate is DER all the way down',
  severity: 'error',
  source: 'Doc 9303-12 §7.1',
  mend: 'encode as DER: definite minimal lengths, minimal integers, sorted SETs',
  findings: ({ certificate, signature }) =>
    signature === undefined
      ? notDer(certificate.tbsBytes, 'TBSCertificate')
      : notDer(certificate.bytes, 'Certificate'),
};
