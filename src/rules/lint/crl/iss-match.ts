import { isSameName } from '../../../formats/x509/name.ts';
import { needing } from './context.ts';

export const issMatch = needing(['issuer'], {
  id: 'R-ISS-MATCH',
  title: 'issuer is the subject of the CSCA certificate',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 9',
  mend: 'copy the subject of the CSCA certificate into issuer',
  findings: ({ crl, issuer }) =>
    isSameName(crl.issuer, issuer.subject)
      ? []
      : [`issuer is ${crl.issuer.display}, the CSCA is ${issuer.subject.display}`],
});
