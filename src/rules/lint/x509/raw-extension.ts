import { type Element, readElement } from '../../../formats/der/reader.ts';
import { tags } from '../../../formats/der/tags.ts';
import { Tolerances } from '../../../formats/note.ts';
import { oidName } from '../../../formats/oids.ts';

/** An extension as it is encoded. */
export interface RawExtension {
  readonly oid: string;
  /** The standard's name, or dotted decimal. */
  readonly name: string;
  readonly isCritical: boolean;
  /** Whether `critical FALSE` is written out. */
  readonly hasDefault: boolean;
  /** Content of extnValue. */
  readonly value: Uint8Array;
}

/** @param element Extensions, which `decodeExtensions` could read */
export function readRawExtensions(element: Element): readonly RawExtension[] {
  return element.children('Extension').map((child) => {
    const fields = child.fields();
    const oid = fields.next('extnID').objectIdentifier();
    const critical = fields.optional(tags.boolean, 'critical')?.boolean();
    return {
      oid,
      name: oidName(oid) ?? oid,
      isCritical: critical ?? false,
      hasDefault: critical === false,
      value: fields.next('extnValue').octetString(),
    };
  });
}

/** The value of an extension. @throws MalformedInput when it is not even BER */
export function valueElement({ name, value }: RawExtension): Element {
  return readElement(value, name, new Tolerances());
}
