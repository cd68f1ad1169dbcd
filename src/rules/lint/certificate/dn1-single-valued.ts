import { hasSingleValues } from '../x509/names.ts';
import { type CertificateRule, namesOf } from './context.ts';

export const dn1SingleValued: CertificateRule = {
  id: 'C-DN1-SINGLE-VALUED',
  title: 'each RDN has one attribute',
  severity: 'info',
  source: 'good practice',
  mend: 'give every attribute an RDN of its own',
  findings: (context) => namesOf(context).flatMap(hasSingleValues),
};
