import type { Element } from '../../der/reader.ts';

/** nameChange is NULL: its presence says it all (Doc 9303-12 §7.1.1.5). */
export function decodeNameChange(element: Element): true {
  element.null();
  return true;
}
