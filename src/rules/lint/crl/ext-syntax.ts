import type { CrlRule } from './context.ts';
import { isUnreadable } from './unreadable.ts';

export const extSyntax: CrlRule = {
  id: 'R-EXT-SYNTAX',
  title: 'the value of each known extension has the syntax of that extension',
  severity: 'error',
  source: 'RFC 5280 §5.2',
  mend: 'encode the value as its standard says',
  findings: ({ raw, crl }) =>
    raw.extensions.filter(({ oid }) => isUnreadable(crl, oid)).map(({ name }) => `${name} cannot be read`),
};
