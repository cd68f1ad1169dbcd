import type { Element } from '../../der/reader.ts';
import { tags } from '../../der/tags.ts';

/** `ExtKeyUsageSyntax ::= SEQUENCE SIZE (1..MAX) OF KeyPurposeId`: the purposes as dotted decimal. */
export function decodeExtendedKeyUsage(element: Element): readonly string[] {
  return element
    .expect(tags.sequence)
    .children('KeyPurposeId')
    .map((purpose) => purpose.objectIdentifier());
}
