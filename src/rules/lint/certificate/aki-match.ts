import { needing } from './context.ts';

export const akiMatch = needing(['issuer'], {
  id: 'C-AKI-MATCH',
  title: 'authorityKeyIdentifier is the subjectKeyIdentifier of the CSCA certificate',
  severity: 'error',
  source: 'RFC 5280 §4.2.1.1',
  mend: 'copy the subjectKeyIdentifier of the CSCA certificate',
  appliesTo: (kind) => kind !== 'csca',
  findings: ({ certificate, issuer }) => {
    const issuers = certificate.authorityKeyIdentifier?.keyIdentifier;
    const own = issuer.subjectKeyIdentifier;
    if (issuers === undefined || own === undefined) return [];
    return Buffer.compare(issuers, own) === 0 ? [] : ['it is that of another key'];
  },
});
