import type { Element } from '../../der/reader.ts';

/** `CRLNumber ::= INTEGER (0..MAX)` (RFC 5280 §5.2.3). */
export function decodeCrlNumber(element: Element): bigint {
  const number = element.integer();
  if (number < 0n || number >> 159n !== 0n) {
    element.tolerate('CRL_NUMBER', `is ${number}, negative or beyond 20 octets`, 'Doc 9303-12 Table 10');
  }
  return number;
}
