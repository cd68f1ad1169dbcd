import type { CertificateRule } from './context.ts';

export const dn1SpocCn: CertificateRule = {
  id: 'C-DN1-SPOC-CN',
  title: 'commonName of a SPOC certificate says which side of TLS it is for',
  severity: 'warning',
  source: 'Doc 9303-12 §7.2.1',
  mend: 'use the commonName "SPOC TLS client" or "SPOC TLS server"',
  appliesTo: (kind) => kind === 'spoc-client' || kind === 'spoc-server',
  findings: ({ certificate, kind }) => {
    const wanted = kind === 'spoc-client' ? 'SPOC TLS client' : 'SPOC TLS server';
    const { commonName } = certificate.subject;
    return commonName === undefined || commonName === wanted
      ? []
      : [`commonName is ${JSON.stringify(commonName)}, not ${wanted}`];
  },
};
