import { moment } from '../day.ts';
import { needing } from './context.ts';

export const valLink = needing(['issuer'], {
  id: 'C-VAL-LINK',
  title: 'a link certificate does not outlive the certificate of the key that signed it',
  // Doc 9303 does not say, and most States do otherwise; but a link beyond its anchor proves nothing.
  severity: 'info',
  source: 'good practice (Doc 9303-12 §4.1.4.3)',
  mend: 'end the link with the certificate of the old key',
  appliesTo: (kind) => kind === 'csca-link',
  findings: ({ certificate, issuer }) =>
    certificate.notAfter > issuer.notAfter
      ? [
          `it ends at ${moment(certificate.notAfter)}, the certificate of the old key at ${moment(issuer.notAfter)}`,
        ]
      : [],
});
