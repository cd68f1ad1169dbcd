import type { Element } from '../../der/reader.ts';

/** `SubjectKeyIdentifier ::= OCTET STRING` (RFC 5280 §4.2.1.2). */
export function decodeSubjectKeyIdentifier(element: Element): Uint8Array {
  return element.octetString();
}
