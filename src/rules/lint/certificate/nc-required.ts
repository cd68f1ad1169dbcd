import { isSameName } from '../../../formats/x509/name.ts';
import { type CertificateRule, extensionOf } from './context.ts';

export const ncRequired: CertificateRule = {
  id: 'C-NC-REQUIRED',
  title: 'a link certificate that changes the name has nameChange',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.5',
  mend: 'add nameChange, NULL and not critical',
  appliesTo: (kind, edition) => kind === 'csca-link' && edition >= 7,
  findings: (context) => {
    const { subject, issuer } = context.certificate;
    if (isSameName(subject, issuer) || extensionOf(context, 'nameChange') !== undefined) return [];
    return [`the name changes from ${issuer.display} to ${subject.display}`];
  },
};
