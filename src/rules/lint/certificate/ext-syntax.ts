import type { CertificateRule } from './context.ts';
import { isUnreadable } from './unreadable.ts';

export const extSyntax: CertificateRule = {
  id: 'C-EXT-SYNTAX',
  title: 'the value of each known extension has the syntax of that extension',
  severity: 'error',
  source: 'RFC 5280 §4.2.1, Doc 9303-12 §7.1.1',
  mend: 'encode the value as its standard says',
  findings: ({ raw, certificate }) =>
    raw.extensions
      .filter(({ oid }) => isUnreadable(certificate, oid))
      .map(({ name }) => `${name} cannot be read`),
};
