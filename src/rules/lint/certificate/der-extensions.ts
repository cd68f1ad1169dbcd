import { notDer } from '../x509/not-der.ts';
import type { CertificateRule } from './context.ts';
import { isUnreadable } from './unreadable.ts';

export const derExtensions: CertificateRule = {
  id: 'C-DER-EXTENSIONS',
  title: 'the value of each extension is DER',
  severity: 'error',
  source: 'RFC 5280 §4.1',
  mend: 'encode the value as DER: minimal lengths, sorted SETs, no trailing octets',
  findings: ({ raw, certificate }) =>
    raw.extensions
      .filter(({ oid }) => !isUnreadable(certificate, oid))
      .flatMap(({ name, value }) => notDer(value, name)),
};
