import { needing } from './context.ts';

export const akiMatch = needing(['issuer'], {
  id: 'R-AKI-MATCH',
  title: 'authorityKeyIdentifier is the subjectKeyIdentifier of the CSCA certificate',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 10',
  mend: 'copy the subjectKeyIdentifier of the CSCA certificate',
  findings: ({ crl, issuer }) => {
    const named = crl.authorityKeyIdentifier?.keyIdentifier;
    const own = issuer.subjectKeyIdentifier;
    if (named === undefined || own === undefined) return [];
    return Buffer.compare(named, own) === 0 ? [] : ['it is that of another key'];
  },
});
