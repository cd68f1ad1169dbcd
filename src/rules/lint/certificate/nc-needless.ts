import { isSameName } from '../../../formats/x509/name.ts';
import { type CertificateRule, extensionOf } from './context.ts';

export const ncNeedless: CertificateRule = {
  id: 'C-NC-NEEDLESS',
  title: 'a link certificate that keeps the name has no nameChange',
  severity: 'warning',
  source: 'good practice (Doc 9303-12 §7.1.1.5)',
  mend: 'leave nameChange out',
  appliesTo: (kind, edition) => kind === 'csca-link' && edition >= 7,
  findings: (context) => {
    const { subject, issuer } = context.certificate;
    const hasChange = extensionOf(context, 'nameChange') !== undefined;
    return hasChange && isSameName(subject, issuer) ? ['the name does not change'] : [];
  },
};
