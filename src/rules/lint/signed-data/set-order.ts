import type { Element } from '../../../formats/der/reader.ts';

/** A SET OF, also under an implicit tag, whose elements are not in the order of DER. */
export function setOrderFindings(set: Element | undefined, name: string): readonly string[] {
  if (set === undefined) return [];
  let previous: Uint8Array | undefined;
  for (const { bytes } of set.elements(name)) {
    if (previous !== undefined && Buffer.compare(previous, bytes) > 0) return [`${name} is not in order`];
    previous = bytes;
  }
  return [];
}
