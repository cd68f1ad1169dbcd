import { isSameName } from '../../../formats/x509/name.ts';
import { needing } from './context.ts';

export const dn2Issuer = needing(['issuer'], {
  id: 'C-DN2-ISSUER',
  title: 'issuer is the subject of the CSCA certificate',
  severity: 'error',
  source: 'RFC 5280 §4.1.2.4',
  mend: 'copy the subject of the CSCA certificate into issuer',
  findings: ({ certificate, issuer }) =>
    isSameName(certificate.issuer, issuer.subject)
      ? []
      : [`issuer is ${certificate.issuer.display}, the CSCA is ${issuer.subject.display}`],
});
