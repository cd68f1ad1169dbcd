import { requireDerCrl } from '../../../formats/x509/crl.ts';
import { notDer } from '../x509/not-der.ts';
import type { CrlRule } from './context.ts';

export const der: CrlRule = {
  id: 'R-DER',
  title: 'the CRL is DER all the way down',
  severity: 'error',
  source: 'Doc 9303-12 §7.1',
  mend: 'encode as DER: definite minimal lengths, minimal integers, sorted SETs',
  findings: ({ crl, signature }) =>
    signature === undefined
      ? notDer(crl.tbsBytes, 'TBSCertList', requireDerCrl)
      : notDer(crl.bytes, 'CertificateList', requireDerCrl),
};
