import { type CertificateRule, extensionOf } from './context.ts';
import { isOfReport } from './kind.ts';
import { cellOf } from './table-6.ts';

export const ekuCritical: CertificateRule = {
  id: 'C-EKU-CRITICAL',
  title: 'extKeyUsage is critical',
  severity: 'error',
  source: 'Doc 9303-12 §7.1 Table 6',
  mend: 'mark extKeyUsage as critical',
  pkdCode: 'EKU.19',
  appliesTo: (kind, edition) => !isOfReport(kind) && cellOf('extKeyUsage', kind, edition) === 'm C',
  findings: (context) =>
    extensionOf(context, 'extKeyUsage')?.isCritical === false ? ['extKeyUsage is not critical'] : [],
};
