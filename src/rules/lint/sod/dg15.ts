import { readElement } from '../../../formats/der/reader.ts';
import { Tolerances } from '../../../formats/note.ts';

/** DG15: the tag 6F around SubjectPublicKeyInfo. @throws MalformedInput */
export function contentOfDg15(bytes: Uint8Array): Uint8Array {
  return readElement(bytes, 'DG15', new Tolerances()).expect(0x6f).content;
}
