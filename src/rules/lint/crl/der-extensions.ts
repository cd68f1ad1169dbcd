import { notDer } from '../x509/not-der.ts';
import type { CrlRule } from './context.ts';
import { isUnreadable } from './unreadable.ts';

export const derExtensions: CrlRule = {
  id: 'R-DER-EXTENSIONS',
  title: 'the value of each extension is DER',
  severity: 'error',
  source: 'RFC 5280 §5.1',
  mend: 'encode the value as DER: minimal lengths and integers, no trailing octets',
  findings: ({ raw, crl }) =>
    raw.extensions
      .filter(({ oid }) => !isUnreadable(crl, oid))
      .flatMap(({ name, value }) => notDer(value, name)),
};
