import { day } from '../day.ts';
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
      ? [`it begins on ${day(certificate.notBefore)}, the CSCA certificate on ${day(issuer.notBefore)}`]
      : []),
    ...(certificate.notAfter > issuer.notAfter
      ? [`it ends on ${day(certificate.notAfter)}, the CSCA certificate on ${day(issuer.notAfter)}`]
      : []),
  ],
});
