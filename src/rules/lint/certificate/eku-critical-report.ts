import { type CertificateRule, extensionOf } from './context.ts';
import { isOfReport } from './kind.ts';

export const ekuCriticalReport: CertificateRule = {
  id: 'C-EKU-CRITICAL-REPORT',
  title: 'extKeyUsage of a VDS-NC or DTC signer is critical',
  // Those who cite the reports mark it so; the reports are not at hand.
  severity: 'warning',
  source: 'ICAO technical reports VDS-NC and DTC, as cited',
  mend: 'mark extKeyUsage as critical',
  appliesTo: isOfReport,
  findings: (context) =>
    extensionOf(context, 'extKeyUsage')?.isCritical === false ? ['extKeyUsage is not critical'] : [],
};
