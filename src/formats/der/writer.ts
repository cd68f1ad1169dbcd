import { MalformedInput } from '../malformed-input.ts';

/** Writes DER (X.690 §10, §11). Every function returns one complete TLV; nothing here knows a domain word. */

function lengthOctets(length: number): number {
  if (length < 0x80) return 1;
  let octets = 1;
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets += 1;
  return octets;
}

/** An ArrayBuffer of its own costs several times what is written into it; short encodings are windows on a shared one. */
const slabOctets = 16_384;
const longestShared = 2_048;
let slab = new ArrayBuffer(0);
let taken = 0;

function octetsFor(length: number): Uint8Array {
  if (length > longestShared) return new Uint8Array(length);
  if (taken + length > slab.byteLength) {
    slab = new ArrayBuffer(slabOctets);
    taken = 0;
  }
  const octets = new Uint8Array(slab, taken, length);
  taken += length;
  return octets;
}

/** Tag, minimal definite length and the concatenated parts as content. `tag` is the identifier octet. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const headerOctets = 1 + lengthOctets(length);
  const out = octetsFor(headerOctets + length);
  putHeader(out, tag, length);
  let position = headerOctets;
  for (const part of parts) {
    out.set(part, position);
    position += part.length;
  }
  return out;
}

/** Tag and length alone: content of megabytes that follows as another part is copied once less. */
export function header(tag: number, length: number): Uint8Array {
  const out = new Uint8Array(1 + lengthOctets(length));
  putHeader(out, tag, length);
  return out;
}

function putHeader(out: Uint8Array, tag: number, length: number): void {
  out[0] = tag;
  const lengthSize = lengthOctets(length);
  if (lengthSize === 1) {
    out[1] = length;
    return;
  }
  out[1] = 0x80 | (lengthSize - 1);
  let rest = length;
  for (let i = lengthSize; i > 1; i -= 1) {
    out[i] = rest & 0xff;
    rest = Math.floor(rest / 256);
  }
}

export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return tlv(0x30, ...parts);
}

/** SET with a single element, or whose elements are already in DER order. */
export function set(...parts: readonly Uint8Array[]): Uint8Array {
  return tlv(0x31, ...parts);
}

/** SET OF: sorts the elements by their encodings (X.690 §11.6). */
export function setOf(parts: readonly Uint8Array[]): Uint8Array {
  return tlv(0x31, ...inDerOrder(parts));
}

/** The order of SET OF elements: compared octet by octet, a shorter one padded with zeros at its end. */
export function inDerOrder(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  return parts.toSorted((a, b) => Buffer.compare(a, b));
}

/** `[tag] EXPLICIT`, or the constructed `[tag] IMPLICIT` of a list of parts. */
export function contextConstructed(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return tlv(0xa0 | tag, ...parts);
}

/** `[tag] IMPLICIT` of a primitive type, given its content octets. */
export function contextPrimitive(tag: number, content: Uint8Array): Uint8Array {
  return tlv(0x80 | tag, content);
}

export function boolean(value: boolean): Uint8Array {
  return tlv(0x01, Uint8Array.of(value ? 0xff : 0x00));
}

/** Content octets of an INTEGER: two's complement, as short as possible. */
export function integerContent(value: bigint | number): Uint8Array {
  let rest = BigInt(value);
  const octets: number[] = [];
  for (;;) {
    octets.unshift(Number(BigInt.asUintN(8, rest)));
    rest >>= 8n;
    const negative = ((octets[0] ?? 0) & 0x80) !== 0;
    if ((rest === 0n && !negative) || (rest === -1n && negative)) return Uint8Array.from(octets);
  }
}

export function integer(value: bigint | number): Uint8Array {
  return tlv(0x02, integerContent(value));
}

/** INTEGER from an unsigned big-endian number of any length, such as a raw ECDSA `r`. */
export function unsignedInteger(bigEndian: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bigEndian.length - 1 && bigEndian[start] === 0) start += 1;
  const digits = bigEndian.subarray(start);
  return ((digits[0] ?? 0) & 0x80) === 0 ? tlv(0x02, digits) : tlv(0x02, Uint8Array.of(0), digits);
}

/** BIT STRING of whole octets. */
export function bitString(octets: Uint8Array): Uint8Array {
  return tlv(0x03, Uint8Array.of(0), octets);
}

/** BIT STRING with a named bit list: trailing zero bits are left out (X.690 §11.2.2). */
export function namedBits(bits: readonly number[]): Uint8Array {
  if (bits.length === 0) return tlv(0x03, Uint8Array.of(0));
  const highest = Math.max(...bits);
  const octets = new Uint8Array((highest >> 3) + 1);
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return tlv(0x03, Uint8Array.of(7 - (highest & 7)), octets);
}

export function octetString(octets: Uint8Array): Uint8Array {
  return tlv(0x04, octets);
}

const nullTlv = Uint8Array.of(0x05, 0x00);
export function nullValue(): Uint8Array {
  return nullTlv;
}

const oidCache = new Map<string, Uint8Array>();

export function objectIdentifier(dotted: string): Uint8Array {
  const cached = oidCache.get(dotted);
  if (cached !== undefined) return cached;
  const encoded = tlv(0x06, objectIdentifierContent(dotted));
  if (oidCache.size < 1000) oidCache.set(dotted, encoded);
  return encoded;
}

function objectIdentifierContent(dotted: string): Uint8Array {
  if (!/^[0-2](\.(0|[1-9]\d{0,38})){1,127}$/.test(dotted)) {
    throw new MalformedInput('OBJECT IDENTIFIER', `${JSON.stringify(dotted)} is not dotted decimal`);
  }
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  if (first < 2n && second > 39n) {
    throw new MalformedInput('OBJECT IDENTIFIER', `second arc of ${dotted} must be below 40`);
  }
  return Uint8Array.from([first * 40n + second, ...rest].flatMap(base128));
}

function base128(arc: bigint): number[] {
  const octets = [Number(arc & 0x7fn)];
  for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) octets.unshift(Number(rest & 0x7fn) | 0x80);
  return octets;
}

export function utf8String(text: string): Uint8Array {
  return tlv(0x0c, new TextEncoder().encode(text));
}

/** @throws MalformedInput on a character outside X.680 §41.4 table 10. */
export function printableString(text: string): Uint8Array {
  if (!isPrintableString(text)) {
    throw new MalformedInput('PrintableString', `${JSON.stringify(text)} has other characters`, {
      source: 'X.680 §41.4',
    });
  }
  return tlv(0x13, new TextEncoder().encode(text));
}

function isPrintableString(text: string): boolean {
  return /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text);
}

/** @throws MalformedInput on a character that is not ASCII. */
export function ia5StringContent(text: string): Uint8Array {
  // oxlint-disable-next-line no-control-regex -- IA5String is exactly the 128 ASCII characters
  if (!/^[\x00-\x7f]*$/.test(text)) {
    throw new MalformedInput('IA5String', `${JSON.stringify(text)} has characters outside ASCII`);
  }
  return new TextEncoder().encode(text);
}

function digits(value: number, width: number): string {
  return value.toString().padStart(width, '0');
}

/** `YYYYMMDDHHMMSSZ` (RFC 5280 §4.1.2.5.2): seconds present, no fraction. */
export function generalizedTime(instant: Date): Uint8Array {
  return tlv(0x18, new TextEncoder().encode(generalizedTimeText(instant)));
}

export function generalizedTimeText(instant: Date): string {
  assertWholeSecond(instant);
  const date = digits(instant.getUTCFullYear(), 4) + digits(instant.getUTCMonth() + 1, 2);
  const time = digits(instant.getUTCHours(), 2) + digits(instant.getUTCMinutes(), 2);
  return `${date}${digits(instant.getUTCDate(), 2)}${time}${digits(instant.getUTCSeconds(), 2)}Z`;
}

/** Time of RFC 5280 §4.1.2.5: UTCTime through the year 2049, GeneralizedTime from 2050 on. */
export function time(instant: Date): Uint8Array {
  const year = instant.getUTCFullYear();
  if (year >= 2050) return generalizedTime(instant);
  if (year < 1950) throw new MalformedInput('UTCTime', `year ${year} is before 1950`);
  return tlv(0x17, new TextEncoder().encode(generalizedTimeText(instant).slice(2)));
}

function assertWholeSecond(instant: Date): void {
  const ms = instant.getTime();
  if (Number.isNaN(ms)) throw new MalformedInput('Time', 'is not a date');
  if (ms % 1000 !== 0) throw new MalformedInput('Time', 'must be a whole second');
  const year = instant.getUTCFullYear();
  if (year < 0 || year > 9999) throw new MalformedInput('Time', `year ${year} has not four digits`);
}
