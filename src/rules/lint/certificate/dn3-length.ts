import { lengthsAreBounded } from '../x509/names.ts';
import { type CertificateRule, namesOf } from './context.ts';

export const dn3Length: CertificateRule = {
  id: 'C-DN3-LENGTH',
  title: 'attributes are not longer than X.520 lets them',
  severity: 'warning',
  source: 'RFC 5280 appendix A.1',
  mend: 'shorten the attribute',
  findings: (context) => namesOf(context).flatMap(lengthsAreBounded),
};
