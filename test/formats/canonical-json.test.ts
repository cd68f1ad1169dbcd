import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCanonicalJson, type JsonValue, parseCanonicalJson } from '../../src/formats/canonical-json.ts';
import { MalformedInput } from '../../src/formats/malformed-input.ts';

const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const leaf = fc.oneof(fc.integer(), fc.boolean(), fc.string({ unit: 'binary' }), fc.constant(null));
const value = fc.letrec<{ any: JsonValue }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('any'), { maxKeys: 4 }),
  ),
})).any;

describe('canonical JSON (RFC 8785, integers only)', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(value, (json) => {
        const written = encodeCanonicalJson(json);
        expect(encodeCanonicalJson(parseCanonicalJson(written, 'x'))).toEqual(written);
      }),
    );
  });

  it('is refused or a value, whatever the octets', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (input) => {
        try {
          expect(encodeCanonicalJson(parseCanonicalJson(input, 'x'))).toEqual(input);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedInput);
        }
      }),
    );
  });

  it.each([
    ['space', '{"a": 1}'],
    ['members out of order', '{"b":1,"a":1}'],
    ['a member twice', '{"a":1,"a":1}'],
    ['a fraction', '{"a":1.5}'],
    ['another spelling of a number', '1e2'],
    ['minus zero', '-0'],
    ['an escape that is not needed', String.raw`"\u0041"`],
    ['half a surrogate pair', String.raw`"\ud800"`],
    ['a byte order mark', '\ufeff1'],
    ['an octet after it', '1\n'],
    ['too many levels', `${'['.repeat(18)}${']'.repeat(18)}`],
    ['a hundred thousand levels', '['.repeat(100_000)],
  ])('is refused with %s', (_, text) => {
    expect(() => parseCanonicalJson(octets(text), 'x')).toThrow(MalformedInput);
  });
});
