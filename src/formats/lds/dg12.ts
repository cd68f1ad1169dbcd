import { readElement } from '../der/reader.ts';
import { decodeGeneralizedTime } from '../der/time.ts';
import { type DecodeOptions, Tolerances } from '../note.ts';

/**
 * Date of issue in DG12, object 5F26: eight digits `YYYYMMDD`, or in old French and Belgian documents four octets
 * BCD.
 *
 * @returns midnight UTC of that day; undefined when DG12 has no date of issue
 * @throws MalformedInput
 * @see Doc 9303-10 §4.7.12
 */
export function decodeDateOfIssue(dg12: Uint8Array, options: DecodeOptions = {}): Date | undefined {
  const element = readElement(dg12, 'DG12', new Tolerances(options), { iso7816Tags: true }).expect(0x6c);
  const date = element.children('DG12').find((object) => object.tag === 0x5f26);
  if (date === undefined) return undefined;
  const bytes = Buffer.from(date.content);
  const digits = bytes.toString(bytes.length === 4 ? 'hex' : 'latin1');
  return decodeGeneralizedTime(Buffer.from(`${digits}000000Z`)).instant;
}
