import { type CertificateRule, extensionOf } from './context.ts';

export const anRoot: CertificateRule = {
  id: 'C-AN-ROOT',
  title: 'issuerAltName and subjectAltName of a self-signed certificate are the same octets',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.2',
  mend: 'write the same value in both',
  pkdCode: 'IAN.57',
  appliesTo: (kind, edition) => kind === 'csca' && edition >= 7,
  findings: (context) => {
    const subjects = extensionOf(context, 'subjectAltName');
    const issuers = extensionOf(context, 'issuerAltName');
    if (subjects === undefined || issuers === undefined) return [];
    return Buffer.compare(subjects.value, issuers.value) === 0 ? [] : ['the two values differ'];
  },
};
