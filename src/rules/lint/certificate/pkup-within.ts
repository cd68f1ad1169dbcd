import { moment } from '../day.ts';
import type { CertificateRule } from './context.ts';

export const pkupWithin: CertificateRule = {
  id: 'C-PKUP-WITHIN',
  title: 'the private key is used within the validity of the certificate',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.1, Table 1',
  mend: 'let the validity begin no later and end no earlier than the use of the key',
  findings: ({ certificate, kind }) => {
    const { notBefore, notAfter } = certificate.privateKeyUsagePeriod ?? {};
    // A link speaks of the new key, which may be in use since before the link.
    const isEarly = kind !== 'csca-link' && notBefore !== undefined && notBefore < certificate.notBefore;
    const isLate = notAfter !== undefined && notAfter > certificate.notAfter;
    return [
      ...(isEarly
        ? [`use begins at ${moment(notBefore)}, validity at ${moment(certificate.notBefore)}`]
        : []),
      ...(isLate ? [`use ends at ${moment(notAfter)}, validity at ${moment(certificate.notAfter)}`] : []),
    ];
  },
};
