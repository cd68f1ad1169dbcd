import { MalformedInput } from '../malformed-input.ts';

/** Decoded before, by a hash of the content: a certificate has some thirty, nearly always the same ones. */
const known: ({ readonly content: Uint8Array; readonly dotted: string } | undefined)[] = [];

/**
 * Content octets of an OBJECT IDENTIFIER as dotted decimal (X.690 §8.19).
 *
 * @throws MalformedInput when empty, cut off, with a padded arc or of more than 128 octets
 */
export function decodeOid(content: Uint8Array, offset?: number): string {
  let hash = content.length;
  for (let i = 0; i < content.length; i += 1) hash = (hash * 31 + (content[i] ?? 0)) & 1023;
  const found = known[hash];
  if (found !== undefined && isEqual(found.content, content)) return found.dotted;
  const dotted = dottedDecimal(content, offset);
  known[hash] = { content: content.slice(), dotted };
  return dotted;
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i += 1) if (one[i] !== other[i]) return false;
  return true;
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
