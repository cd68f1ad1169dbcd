import { moment } from '../day.ts';
import { needing } from './context.ts';
import { isCa } from './kind.ts';

export const valIssuer = needing(['issuer'], {
  id: 'C-VAL-ISSUER',
  title: 'the validity lies within that of the CSCA certificate',
  severity: 'error',
  source: 'good practice (follows from Doc 9303-12 Table 1)',
  mend: 'shorten the validity, or issue under a CSCA key that is certified for longer',
  appliesTo: (kind) => !isCa(kind),
  findings: ({ certificate, issuer }) => [
    ...(certificate.notBefore < issuer.notBefore
      ? [`it begins at ${moment(certificate.notBefore)}, the CSCA certificate at ${moment(issuer.notBefore)}`]
      : []),
    ...(certificate.notAfter > issuer.notAfter
      ? [`it ends at ${moment(certificate.notAfter)}, the CSCA certificate at ${moment(issuer.notAfter)}`]
      : []),
  ],
});
