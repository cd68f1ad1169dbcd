import { MalformedInput } from '../malformed-input.ts';
import type { Tolerances } from '../note.ts';
import { decodeOid } from './oid.ts';
import { decodeString } from './string.ts';
import { firstOctet, tagName, tags } from './tags.ts';
import { decodeGeneralizedTime, decodeUtcTime } from './time.ts';

/**
 * Reads DER and, tolerantly, BER (X.690) without copying: an `Element` is a window on the input. Strict, it
 * refuses everything that is not DER. Tolerant, it also reads indefinite and non-minimal lengths, constructed
 * OCTET STRINGs, padded integers and odd booleans, and notes each. Nesting is bounded, the number of elements
 * is not: a national master list has some 70,000. Throws only `MalformedInput`.
 */

/** Deeper than any certificate or CMS object nests; a bound for hostile input. */
const maxDepth = 32;

interface Input {
  readonly bytes: Uint8Array;
  readonly tolerances: Tolerances;
  /** Tags of ISO 7816-4 such as 5F01, whose number would fit the short form that X.690 §8.1.2.2 asks for. */
  readonly iso7816Tags: boolean;
}

export interface BitString {
  readonly unusedBits: number;
  readonly octets: Uint8Array;
}

/** One TLV within an input. */
export class Element {
  /** What the standard calls it, for messages. */
  readonly field: string;
  /** All identifier octets as one number: 0x30, 0xa0, 0x7f61. */
  readonly tag: number;
  /** Octets from the start of the input. */
  readonly offset: number;
  readonly #input: Input;
  readonly #contentStart: number;
  readonly #contentEnd: number;
  /** Offset of the octet after the element. */
  readonly end: number;
  readonly #depth: number;

  /** Made by this file only; positional because a master list has tens of thousands. */
  constructor(
    input: Input,
    field: string,
    depth: number,
    tag: number,
    start: number,
    contentStart: number,
    contentEnd: number,
    end: number,
  ) {
    this.#input = input;
    this.field = field;
    this.#depth = depth;
    this.tag = tag;
    this.offset = start;
    this.#contentStart = contentStart;
    this.#contentEnd = contentEnd;
    this.end = end;
  }

  get tolerances(): Tolerances {
    return this.#input.tolerances;
  }

  /** Identifier, length and content octets, as received. */
  get bytes(): Uint8Array {
    return this.#input.bytes.subarray(this.offset, this.end);
  }

  /** Content octets, as received; of an indefinite length without the end-of-contents octets. */
  get content(): Uint8Array {
    return this.#input.bytes.subarray(this.#contentStart, this.#contentEnd);
  }

  get contentLength(): number {
    return this.#contentEnd - this.#contentStart;
  }

  get contentOffset(): number {
    return this.#contentStart;
  }

  get isConstructed(): boolean {
    return (firstOctet(this.tag) & 0x20) !== 0;
  }

  get isIndefinite(): boolean {
    return this.end !== this.#contentEnd;
  }

  fault(reason: string, source = 'X.690'): MalformedInput {
    return new MalformedInput(this.field, reason, { source, offset: this.offset });
  }

  /** Goes on despite a deviation. @throws MalformedInput in strict mode */
  tolerate(code: string, detail: string, source: string, severity: 'info' | 'warning' = 'warning'): void {
    this.tolerances.tolerate(this.field, { code, severity, detail, source, offset: this.offset });
  }

  /** The same element under the name that it has in its place. */
  as(field: string): Element {
    if (field === this.field) return this;
    const { tag, offset, end } = this;
    return new Element(
      this.#input,
      field,
      this.#depth,
      tag,
      offset,
      this.#contentStart,
      this.#contentEnd,
      end,
    );
  }

  /** @throws MalformedInput when the tag is another one. */
  expect(tag: number): this {
    if (this.tag !== tag) throw this.fault(`is ${tagName(this.tag)} where ${tagName(tag)} must be`);
    return this;
  }

  /** As `children`, for lists too long to hold at once. */
  *elements(field: string): Generator<Element, void, void> {
    if (!this.isConstructed) throw this.fault('is primitive where a constructed element must be');
    let position = this.#contentStart;
    while (position < this.#contentEnd) {
      const element = readAt(this.#input, field, position, this.#contentEnd, this.#depth + 1);
      yield element;
      position = element.end;
    }
  }

  /** The elements of a constructed one, in order. */
  children(field: string): readonly Element[] {
    if (!this.isConstructed) throw this.fault('is primitive where a constructed element must be');
    const children: Element[] = [];
    let position = this.#contentStart;
    while (position < this.#contentEnd) {
      const child = readAt(this.#input, field, position, this.#contentEnd, this.#depth + 1);
      children.push(child);
      position = child.end;
    }
    return children;
  }

  /** Reads the components of a SEQUENCE (or an implicitly tagged one) one by one. */
  fields(tag: number = tags.sequence): Fields {
    this.expect(tag);
    return new Fields(this, this.children(this.field));
  }

  /** The only element inside an EXPLICIT tag. */
  only(field: string): Element {
    const [inner, ...more] = this.children(field);
    if (inner === undefined || more.length > 0) throw this.fault('must hold exactly one element');
    return inner;
  }

  boolean(): boolean {
    this.expect(tags.boolean);
    const [octet, ...more] = this.content;
    if (octet === undefined || more.length > 0) throw this.fault('must have one octet', 'X.690 §8.2');
    if (octet !== 0 && octet !== 0xff) {
      this.tolerate('BER_BOOLEAN', `TRUE is written as 0x${octet.toString(16)}`, 'X.690 §11.1');
    }
    return octet !== 0;
  }

  /** Content octets of an INTEGER, or of an IMPLICIT one when `tag` says so: two's complement. */
  integerOctets(tag: number = tags.integer): Uint8Array {
    this.expect(tag);
    const content = this.content;
    const [first, second] = content;
    if (first === undefined) throw this.fault('is an empty INTEGER', 'X.690 §8.3.1');
    if (second !== undefined && isPadding(first, second)) {
      this.tolerate('BER_INTEGER_PADDED', 'has redundant leading octets', 'X.690 §8.3.2');
    }
    return content;
  }

  integer(tag: number = tags.integer): bigint {
    return signedBigInt(this.integerOctets(tag));
  }

  /** An INTEGER that counts or enumerates something. @throws MalformedInput beyond 2^31 either way */
  smallInteger(tag: number = tags.integer): number {
    const octets = this.integerOctets(tag);
    const value = octets.length > 8 ? 2n ** 64n : signedBigInt(octets);
    if (value > 0x7fffffffn || value < -0x80000000n) throw this.fault('is out of range');
    return Number(value);
  }

  bitString(tag: number = tags.bitString): BitString {
    this.expect(tag);
    const content = this.content;
    const unusedBits = content[0];
    if (unusedBits === undefined || unusedBits > 7) throw this.fault('is no BIT STRING', 'X.690 §8.6.2');
    if (content.length === 1 && unusedBits > 0) throw this.fault('has unused bits but no octets');
    const last = content[content.length - 1] ?? 0;
    if (unusedBits > 0 && (last & ((1 << unusedBits) - 1)) !== 0) {
      this.tolerate('BER_UNUSED_BITS', 'has unused bits that are not zero', 'X.690 §11.2.1');
    }
    return { unusedBits, octets: content.subarray(1) };
  }

  /** Octets of an OCTET STRING; the parts of a constructed one are joined. */
  octetString(tag: number = tags.octetString): Uint8Array {
    if (this.tag === tag) return this.content;
    if (this.tag !== (tag | 0x20)) this.expect(tag);
    this.tolerate('BER_CONSTRUCTED_STRING', 'is in parts', 'X.690 §10.2');
    return Buffer.concat([...this.elements(this.field)].map((part) => part.octetString()));
  }

  null(): void {
    this.expect(tags.null);
    if (this.contentLength !== 0) throw this.fault('is a NULL with content', 'X.690 §8.8');
  }

  objectIdentifier(tag: number = tags.objectIdentifier): string {
    this.expect(tag);
    return decodeOid(this.content, this.offset);
  }

  /** UTCTime or GeneralizedTime; deviations from the form of RFC 5280 are noted. */
  time(): Date {
    if (this.tag !== tags.utcTime) return this.generalizedTime();
    return this.#noted(decodeUtcTime(this.content));
  }

  generalizedTime(tag: number = tags.generalizedTime): Date {
    this.expect(tag);
    return this.#noted(decodeGeneralizedTime(this.content));
  }

  #noted(time: { instant: Date; deviations: readonly string[] }): Date {
    for (const deviation of time.deviations) this.tolerate('TIME_FORM', deviation, 'RFC 5280 §4.1.2.5');
    return time.instant;
  }

  /** Text of a character string of any of the types that names use. */
  string(): string {
    const { text, deviation } = decodeString(this.tag, this.content);
    if (text === undefined) throw this.fault(`is ${tagName(this.tag)} where a character string must be`);
    if (deviation !== undefined) this.tolerate('STRING_CHARACTERS', deviation, 'X.680 §41');
    return text;
  }
}

/** The components of a SEQUENCE, taken in order. */
export class Fields {
  readonly #parent: Element;
  readonly #elements: readonly Element[];
  #next = 0;

  constructor(parent: Element, elements: readonly Element[]) {
    this.#parent = parent;
    this.#elements = elements;
  }

  peek(): Element | undefined {
    return this.#elements[this.#next];
  }

  /** @throws MalformedInput when there is no further component. */
  next(field: string): Element {
    const element = this.peek();
    if (element === undefined) throw this.#parent.fault(`has no ${field}`);
    this.#next += 1;
    return element.as(field);
  }

  /** The next component if it has this tag. */
  optional(tag: number, field: string): Element | undefined {
    return this.peek()?.tag === tag ? this.next(field) : undefined;
  }

  /** @throws MalformedInput when components are left over. */
  end(): void {
    const extra = this.peek();
    if (extra !== undefined) throw this.#parent.fault(`has an unexpected ${tagName(extra.tag)} at its end`);
  }
}

function isPadding(first: number, second: number): boolean {
  return (first === 0 && (second & 0x80) === 0) || (first === 0xff && (second & 0x80) !== 0);
}

/** Big-endian two's complement of any length. */
export function signedBigInt(octets: Uint8Array): bigint {
  if (octets.length === 0) return 0n;
  const unsigned = BigInt(`0x${Buffer.from(octets).toString('hex')}`);
  return BigInt.asIntN(octets.length * 8, unsigned);
}

interface ReadOptions {
  readonly iso7816Tags?: boolean;
}

/**
 * The one element that `bytes` consist of. Octets after it are tolerated when not strict.
 *
 * @param field what the standard calls it
 */
export function readElement(
  bytes: Uint8Array,
  field: string,
  tolerances: Tolerances,
  options: ReadOptions = {},
): Element {
  const element = readPrefix(bytes, field, tolerances, options);
  const extra = bytes.length - element.end;
  if (extra > 0) {
    tolerances.tolerate(field, {
      code: 'TRAILING_OCTETS',
      severity: 'warning',
      detail: `is followed by ${extra} octets that belong to nothing`,
      source: 'X.690 §8.1',
      offset: element.end,
    });
  }
  return element;
}

/** The element at the start of `bytes`, whatever follows it. */
export function readPrefix(
  bytes: Uint8Array,
  field: string,
  tolerances: Tolerances,
  options: ReadOptions = {},
): Element {
  const input = { bytes, tolerances, iso7816Tags: options.iso7816Tags ?? false };
  return readAt(input, field, 0, bytes.length, 0);
}

/** Nearly every element has a tag of one octet and a length of one octet; the others take the long way. */
function readAt(input: Input, field: string, start: number, limit: number, depth: number): Element {
  const tag = input.bytes[start] ?? 0;
  const length = input.bytes[start + 1] ?? 0xff;
  const contentStart = start + 2;
  const end = contentStart + length;
  const isShort = tag !== 0 && (tag & 0x1f) !== 0x1f && length < 0x80;
  if (!isShort || end > limit || depth > maxDepth) return readAnyAt(input, field, start, limit, depth);
  return new Element(input, field, depth, tag, start, contentStart, end, end);
}

function readAnyAt(input: Input, field: string, start: number, limit: number, depth: number): Element {
  const fault = (reason: string): MalformedInput =>
    new MalformedInput(field, reason, { source: 'X.690 §8.1', offset: start });
  if (depth > maxDepth) throw fault(`is nested more than ${maxDepth} deep`);
  const { bytes } = input;
  let position = start;
  const octet = (): number => {
    const value = position < limit ? bytes[position] : undefined;
    if (value === undefined) throw fault('is cut off');
    position += 1;
    return value;
  };

  let tag = octet();
  if (tag === 0) throw fault('is an end-of-contents mark out of place');
  if ((tag & 0x1f) === 0x1f) tag = readHighTag(input, tag, octet, fault);

  const first = octet();
  if (first === 0x80) {
    const contentStart = position;
    const contentEnd = readToEndOfContents(input, field, tag, { start, contentStart, limit, depth });
    return new Element(input, field, depth, tag, start, contentStart, contentEnd, contentEnd + 2);
  }
  const length = first < 0x80 ? first : readLongLength(input, field, start, first, octet, fault);
  if (length > limit - position) {
    throw fault(`has ${length} octets of content where only ${limit - position} are left`);
  }
  const end = position + length;
  return new Element(input, field, depth, tag, start, position, end, end);
}

function readHighTag(
  input: Input,
  first: number,
  octet: () => number,
  fault: (reason: string) => MalformedInput,
): number {
  let tag = first;
  for (let count = 1; ; count += 1) {
    if (count > 3) throw fault('has a tag of more than three octets');
    const next = octet();
    tag = tag * 256 + next;
    if (count === 1 && next === 0x80) throw fault('has a padded tag number');
    if (count === 1 && next < 0x1f && !input.iso7816Tags) throw fault('has a tag number in the long form');
    if ((next & 0x80) === 0) return tag;
  }
}

function readLongLength(
  input: Input,
  field: string,
  start: number,
  first: number,
  octet: () => number,
  fault: (reason: string) => MalformedInput,
): number {
  const count = first & 0x7f;
  if (count > 8) throw fault('has a length of more than eight octets');
  let length = 0;
  for (let i = 0; i < count; i += 1) {
    length = length * 256 + octet();
    if (length > 0xffff_ffff) throw fault('has a length beyond 4 GiB');
  }
  if (length < 0x80 || length < 256 ** (count - 1)) {
    input.tolerances.tolerate(field, {
      code: 'BER_LENGTH',
      severity: 'warning',
      detail: 'has a length that is not as short as possible',
      source: 'X.690 §10.1',
      offset: start,
    });
  }
  return length;
}

/** @returns the offset of the end-of-contents octets */
function readToEndOfContents(
  input: Input,
  field: string,
  tag: number,
  place: { start: number; contentStart: number; limit: number; depth: number },
): number {
  const at = { source: 'X.690 §10.1', offset: place.start };
  if ((firstOctet(tag) & 0x20) === 0)
    throw new MalformedInput(field, 'is primitive with indefinite length', at);
  input.tolerances.tolerate(field, {
    code: 'BER_INDEFINITE_LENGTH',
    severity: 'warning',
    detail: 'has an indefinite length',
    ...at,
  });
  let position = place.contentStart;
  while (position + 2 <= place.limit) {
    if (input.bytes[position] === 0 && input.bytes[position + 1] === 0) return position;
    position = readAt(input, field, position, place.limit, place.depth + 1).end;
  }
  throw new MalformedInput(field, 'is cut off before its end-of-contents octets', at);
}
