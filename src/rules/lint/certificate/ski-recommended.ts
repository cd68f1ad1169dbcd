import { type CertificateRule, extensionOf } from './context.ts';
import { cellOf } from './table-6.ts';

export const skiRecommended: CertificateRule = {
  id: 'C-SKI-RECOMMENDED',
  title: 'signers have a subjectKeyIdentifier too',
  severity: 'info',
  source: 'good practice (RFC 5280 §4.2.1.2)',
  mend: 'add subjectKeyIdentifier: a signer identifier may have to name it',
  appliesTo: (kind, edition) => cellOf('subjectKeyIdentifier', kind, edition) === 'o nc',
  findings: (context) =>
    extensionOf(context, 'subjectKeyIdentifier') === undefined ? ['there is no subjectKeyIdentifier'] : [],
};
