import { isSameName } from '../../../formats/x509/name.ts';
import { needing } from './context.ts';

export const dn2Octets = needing(['issuer'], {
  id: 'C-DN2-OCTETS',
  title: 'issuer is encoded as the subject of the CSCA certificate is',
  severity: 'warning',
  source: 'good practice (RFC 5280 §7.1)',
  mend: 'copy the subject of the CSCA certificate octet by octet',
  findings: ({ certificate, issuer }) => {
    const isSameOctets = Buffer.compare(certificate.issuer.bytes, issuer.subject.bytes) === 0;
    return !isSameOctets && isSameName(certificate.issuer, issuer.subject)
      ? ['issuer has the name of the CSCA in other octets']
      : [];
  },
});
