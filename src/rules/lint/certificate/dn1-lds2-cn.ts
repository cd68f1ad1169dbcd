import type { CertificateRule } from './context.ts';

export const dn1Lds2Cn: CertificateRule = {
  id: 'C-DN1-LDS2-CN',
  title: 'commonName of an LDS2 signer has at most nine characters',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.2 Table 7',
  mend: 'shorten the commonName to nine characters',
  appliesTo: (kind) => kind === 'lds2-signer',
  findings: ({ certificate }) => {
    const { length } = [...(certificate.subject.commonName ?? '')];
    return length <= 9 ? [] : [`commonName has ${length} characters`];
  },
};
