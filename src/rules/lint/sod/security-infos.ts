import { type Element, readElement } from '../../../formats/der/reader.ts';
import { tags } from '../../../formats/der/tags.ts';
import { Tolerances } from '../../../formats/note.ts';

export const activeAuthenticationInfo = '2.23.136.1.1.5';

/** One SecurityInfo by its protocol, as it is encoded. */
export interface SecurityInfo {
  readonly protocol: string;
  readonly bytes: Uint8Array;
}

/** `SecurityInfos ::= SET OF SecurityInfo`, bare as in EF.CardAccess. @throws MalformedInput */
export function readSecurityInfos(bytes: Uint8Array): readonly SecurityInfo[] {
  return securityInfosOf(readElement(bytes, 'SecurityInfos', new Tolerances()));
}

/** DG14: the tag 6E around SecurityInfos. @throws MalformedInput */
export function readDg14(bytes: Uint8Array): readonly SecurityInfo[] {
  return securityInfosOf(readElement(bytes, 'DG14', new Tolerances()).expect(0x6e).only('SecurityInfos'));
}

/** `SecurityInfo ::= SEQUENCE { protocol OBJECT IDENTIFIER, requiredData ANY, optionalData ANY OPTIONAL }` */
function securityInfosOf(element: Element): readonly SecurityInfo[] {
  return element
    .expect(tags.set)
    .children('SecurityInfo')
    .map((info) => {
      const fields = info.fields();
      const protocol = fields.next('protocol').objectIdentifier();
      fields.next('requiredData');
      return { protocol, bytes: info.bytes };
    });
}
