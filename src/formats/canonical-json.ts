import { MalformedInput } from './malformed-input.ts';

/** What canonical JSON can hold: of numbers only integers, because fractions have more than one spelling. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** Nothing of ours nests deeper. */
const deepest = 16;

/**
 * JSON with one spelling only, so that it can be signed and hashed: members in the order of their names, no space,
 * integers only (the part of RFC 8785 that needs no rules for fractions).
 *
 * @throws MalformedInput on what has no canonical form
 */
export function encodeCanonicalJson(value: JsonValue): Uint8Array {
  return Uint8Array.from(Buffer.from(write(value, 0), 'utf8'));
}

function write(value: JsonValue, depth: number): string {
  if (depth > deepest) throw new MalformedInput('json', `nests deeper than ${deepest} levels`);
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new MalformedInput('json', 'has a number that is no integer');
    return String(value === 0 ? 0 : value);
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new MalformedInput('json', 'has half a surrogate pair');
    return JSON.stringify(value);
  }
  if (isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(',')}]`;
  const members = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${write(member, depth + 1)}`);
  return `{${members.join(',')}}`;
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/**
 * Reads canonical JSON: these octets and no others encode the value.
 *
 * @param field what is read, for messages
 * @throws MalformedInput
 */
export function parseCanonicalJson(octets: Uint8Array, field: string): JsonValue {
  let value: JsonValue;
  try {
    value = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets),
    ) as JsonValue;
  } catch (cause) {
    throw new MalformedInput(field, 'is not JSON in UTF-8', { cause });
  }
  const canonical = encodeCanonicalJson(value);
  const length = Math.min(canonical.length, octets.length);
  let offset = 0;
  while (offset < length && canonical[offset] === octets[offset]) offset += 1;
  if (offset === canonical.length && offset === octets.length) return value;
  throw new MalformedInput(field, 'is not canonical JSON', { offset, source: 'RFC 8785' });
}
