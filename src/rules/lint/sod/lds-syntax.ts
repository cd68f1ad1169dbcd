import type { SodRule } from './context.ts';

export const ldsSyntax: SodRule = {
  id: 'S-LDS-SYNTAX',
  title: 'the content is an LDSSecurityObject',
  severity: 'error',
  source: 'Doc 9303-10 §4.6.2.3',
  mend: 'encode the content as LDSSecurityObject',
  findings: ({ lds }) => (lds === undefined ? ['the content has another syntax'] : []),
};
