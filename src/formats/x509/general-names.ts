import type { Element } from '../der/reader.ts';
import { decodeName, type Name } from './name.ts';

/** GeneralName (RFC 5280 §4.2.1.6); the forms that eMRTD certificates use are read, others kept by tag. */
export type GeneralName =
  | { readonly kind: 'rfc822Name' | 'dNSName' | 'uniformResourceIdentifier'; readonly value: string }
  | { readonly kind: 'directoryName'; readonly name: Name }
  | { readonly kind: 'registeredID'; readonly oid: string }
  | { readonly kind: 'other'; readonly tag: number; readonly bytes: Uint8Array };

/**
 *     GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName
 *     GeneralName ::= CHOICE {
 *       rfc822Name [1] IA5String, dNSName [2] IA5String, directoryName [4] Name,
 *       uniformResourceIdentifier [6] IA5String, registeredID [8] OBJECT IDENTIFIER, … }
 *
 * @param element the SEQUENCE, or an implicitly tagged one
 */
export function decodeGeneralNames(element: Element): readonly GeneralName[] {
  return element.children('GeneralName').map(decodeGeneralName);
}

function decodeGeneralName(element: Element): GeneralName {
  switch (element.tag) {
    case 0x81:
      return { kind: 'rfc822Name', value: ia5Text(element) };
    case 0x82:
      return { kind: 'dNSName', value: ia5Text(element) };
    case 0x86:
      return { kind: 'uniformResourceIdentifier', value: ia5Text(element) };
    case 0xa4:
      return { kind: 'directoryName', name: decodeName(element.only('directoryName')) };
    case 0x88:
      return { kind: 'registeredID', oid: element.objectIdentifier(0x88) };
    default:
      return { kind: 'other', tag: element.tag, bytes: element.bytes };
  }
}

function ia5Text(element: Element): string {
  return Buffer.from(element.content).toString('latin1');
}
