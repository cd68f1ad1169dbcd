import type { CertificateRule } from './context.ts';
import { distributionUris } from './distribution-uris.ts';

export const cdpScheme: CertificateRule = {
  id: 'C-CDP-SCHEME',
  title: 'the CRL can be fetched by ldap, http or https',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.4',
  mend: 'add an ldap, http or https URI',
  findings: ({ certificate }) => {
    const points = certificate.crlDistributionPoints ?? [];
    if (!points.some(({ fullName }) => fullName.length > 0)) return [];
    const uris = distributionUris(certificate);
    if (uris.some((uri) => /^(ldaps?|https?):/i.test(uri))) return [];
    return [uris.length === 0 ? 'there is no URI' : `the URIs are ${uris.join(', ')}`];
  },
};
