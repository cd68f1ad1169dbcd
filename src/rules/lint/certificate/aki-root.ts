import type { CertificateRule } from './context.ts';

export const akiRoot: CertificateRule = {
  id: 'C-AKI-ROOT',
  title: 'authorityKeyIdentifier of a self-signed certificate is its own subjectKeyIdentifier',
  severity: 'error',
  source: 'Doc 9303-12 §7.1 Table 6',
  mend: 'write the same identifier in both',
  pkdCode: 'AKI.39',
  appliesTo: (kind) => kind === 'csca',
  findings: ({ certificate }) => {
    const issuers = certificate.authorityKeyIdentifier?.keyIdentifier;
    const own = certificate.subjectKeyIdentifier;
    if (issuers === undefined || own === undefined) return [];
    return Buffer.compare(issuers, own) === 0 ? [] : ['the two identifiers differ'];
  },
};
