import type { SharedRule } from './context.ts';
import { setOrderFindings } from './set-order.ts';

export const setorderCertificates: SharedRule = ({ prefix }) => ({
  id: `${prefix}-SETORDER-CERTIFICATES`,
  title: 'the embedded certificates are in the order of DER',
  severity: 'error',
  source: 'X.690 §11.6',
  mend: 'sort them by their octets',
  findings: ({ raw }) => setOrderFindings(raw.certificates, 'certificates'),
});
