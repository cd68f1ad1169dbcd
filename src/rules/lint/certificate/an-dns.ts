import type { CertificateRule } from './context.ts';

export const anDns: CertificateRule = {
  id: 'C-AN-DNS',
  title: 'subjectAltName of a SPOC server has the host of its URL as dNSName',
  severity: 'error',
  source: 'Doc 9303-12 §7.2.1',
  mend: 'add the host of the SPOC URL as dNSName',
  appliesTo: (kind) => kind === 'spoc-server',
  findings: ({ certificate }) => {
    const name = certificate.subjectAltName;
    if (name === undefined || name.names.some(({ kind }) => kind === 'dNSName')) return [];
    return ['there is no dNSName'];
  },
};
