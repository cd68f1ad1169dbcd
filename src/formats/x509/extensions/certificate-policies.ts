import type { Element } from '../../der/reader.ts';
import { tags } from '../../der/tags.ts';

/** policyIdentifiers as dotted decimal; qualifiers are not looked at (RFC 5280 §4.2.1.4). */
export function decodeCertificatePolicies(element: Element): readonly string[] {
  return element
    .expect(tags.sequence)
    .children('PolicyInformation')
    .map((policy) => policy.fields().next('policyIdentifier').objectIdentifier());
}
