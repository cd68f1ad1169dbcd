import { type CertificateRule, extensionOf } from './context.ts';

export const dtlDraft: CertificateRule = {
  id: 'C-DTL-DRAFT',
  title: 'documentTypeList has the OID of the standard, not that of its draft',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.6',
  mend: 'use 2.23.136.1.1.6.2',
  findings: (context) =>
    extensionOf(context, 'documentTypeListDraft') === undefined ? [] : ['the OID is 2.23.136.1.1.4'],
};
