import { MalformedInput } from '../malformed-input.ts';

const known = new Map<string, string>();

/**
 * Content octets of an OBJECT IDENTIFIER as dotted decimal (X.690 §8.19).
 *
 * @throws MalformedInput when empty, cut off, with a padded arc or of more than 128 octets
 */
export function decodeOid(content: Uint8Array, offset?: number): string {
  const key = Buffer.from(content.buffer, content.byteOffset, content.length).toString('latin1');
  const found = known.get(key);
  if (found !== undefined) return found;
  const dotted = dottedDecimal(content, offset);
  if (known.size < 1000) known.set(key, dotted);
  return dotted;
}

function dottedDecimal(content: Uint8Array, offset?: number): string {
  const fault = (reason: string): MalformedInput =>
    new MalformedInput('OBJECT IDENTIFIER', reason, {
      source: 'X.690 §8.19',
      ...(offset === undefined ? {} : { offset }),
    });
  if (content.length === 0) throw fault('is empty');
  if (content.length > 128) throw fault('has more than 128 octets');
  if (((content[content.length - 1] ?? 0) & 0x80) !== 0) throw fault('is cut off');
  const arcs: bigint[] = [];
  let arc = 0n;
  let starting = true;
  for (const octet of content) {
    if (starting && octet === 0x80) throw fault('has an arc with leading zeros');
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    starting = (octet & 0x80) === 0;
    if (starting) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  const [joined = 0n, ...rest] = arcs;
  const first = joined < 40n ? 0n : joined < 80n ? 1n : 2n;
  return [first, joined - first * 40n, ...rest].join('.');
}
