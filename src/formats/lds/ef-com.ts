import { type Element, readElement } from '../der/reader.ts';
import { type DecodeOptions, type Note, Tolerances } from '../note.ts';

/** EF.COM: which data groups the chip says it has (Doc 9303-10 §4.6.1). Not signed, hence only a hint. */
export interface EfCom {
  /** `aabb`, e.g. 0107. */
  readonly ldsVersion: string | undefined;
  /** `aabbcc`, e.g. 040000. */
  readonly unicodeVersion: string | undefined;
  /** In the order of the tag list. */
  readonly dataGroups: readonly number[];
  readonly notes: readonly Note[];
}

/** Tags of the data groups by number, DG1 first (Doc 9303-10 Table 38). */
const dataGroupTags: readonly number[] = [
  0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70,
];

/** Number of the data group whose file begins with `tag`, or undefined. */
export function dataGroupOfTag(tag: number): number | undefined {
  const index = dataGroupTags.indexOf(tag);
  return index < 0 ? undefined : index + 1;
}

/** `60 L { 5F01 ldsVersion, 5F36 unicodeVersion, 5C tagList }`. @throws MalformedInput */
export function decodeEfCom(bytes: Uint8Array, options: DecodeOptions = {}): EfCom {
  const tolerances = new Tolerances(options);
  const element = readElement(bytes, 'EF.COM', tolerances, { iso7816Tags: true }).expect(0x60);
  const objects = new Map<number, Element>(element.children('EF.COM').map((object) => [object.tag, object]));
  const text = (tag: number): string | undefined => {
    const content = objects.get(tag)?.content;
    return content === undefined ? undefined : Buffer.from(content).toString('latin1');
  };
  const tagList = objects.get(0x5c);
  if (tagList === undefined) throw element.fault('has no tag list 5C', 'Doc 9303-10 §4.6.1');
  return {
    ldsVersion: text(0x5f01),
    unicodeVersion: text(0x5f36),
    dataGroups: decodeTagList(tagList),
    notes: tolerances.notes,
  };
}

function decodeTagList(tagList: Element): readonly number[] {
  return [...tagList.content].map((tag) => {
    const dataGroup = dataGroupOfTag(tag);
    if (dataGroup === undefined) {
      throw tagList.fault(`lists 0x${tag.toString(16)}, the tag of no data group`, 'Doc 9303-10 §4.6.1');
    }
    return dataGroup;
  });
}
