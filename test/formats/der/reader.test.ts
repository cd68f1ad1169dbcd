import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDer } from '../../../src/formats/der/is-der.ts';
import { decodeOid } from '../../../src/formats/der/oid.ts';
import { readElement, signedBigInt } from '../../../src/formats/der/reader.ts';
import { decodeGeneralizedTime, decodeUtcTime } from '../../../src/formats/der/time.ts';
import { toDer } from '../../../src/formats/der/to-der.ts';
import {
  bitString,
  boolean,
  generalizedTime,
  integer,
  integerContent,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  set,
  setOf,
  time,
  tlv,
  utf8String,
} from '../../../src/formats/der/writer.ts';
import { MalformedInput } from '../../../src/formats/malformed-input.ts';
import { Tolerances } from '../../../src/formats/note.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const strictly = (bytes: Uint8Array) => readElement(bytes, 'input', new Tolerances({ strict: true }));

function tolerantly(bytes: Uint8Array) {
  const tolerances = new Tolerances();
  const element = readElement(bytes, 'input', tolerances);
  return { element, codes: () => tolerances.notes.map((note) => note.code) };
}

describe('DER reader (X.690 §8, §10)', () => {
  it('reads a definite length in the short and the long form', () => {
    expect(strictly(hex('04 02 0102')).content).toEqual(hex('0102'));
    const long = new Uint8Array(300).fill(7);
    expect(strictly(octetString(long)).content).toEqual(long);
  });

  it('copies nothing: content is a window on the input', () => {
    const bytes = hex('04 02 0102');
    expect(strictly(bytes).content.buffer).toBe(bytes.buffer);
  });

  it.each([
    ['nothing', ''],
    ['an identifier only', '30'],
    ['a length that is cut off', '30 82 01'],
    ['content that is cut off', '30 05 0201'],
    ['an end-of-contents mark', '00 00'],
    ['a length of nine octets', '04 89 000000000000000001 00'],
    ['a length beyond 4 GiB', '04 85 0100000000'],
    ['a tag number that fits the short form', '1f 05 00'],
    ['a padded tag number', '1f 80 7f 00'],
    ['a tag of five octets', '1f ff ff ff 7f 00'],
    ['a primitive of indefinite length', '04 80 0000'],
    ['an indefinite length without its end', '30 80 0201 01'],
  ])('refuses %s in both modes', (_, text) => {
    expect(() => strictly(hex(text))).toThrow(MalformedInput);
    expect(() => tolerantly(hex(text))).toThrow(MalformedInput);
  });

  it.each([
    ['a length that is not minimal', '04 81 01 07', 'BER_LENGTH'],
    ['an indefinite length', '30 80 020101 0000', 'BER_INDEFINITE_LENGTH'],
    ['octets after the end', '04 01 07 ff', 'TRAILING_OCTETS'],
  ])('strictly refuses %s, tolerantly notes it with its offset', (_, text, code) => {
    expect(() => strictly(hex(text))).toThrow(MalformedInput);
    const { element, codes } = tolerantly(hex(text));
    expect(codes()).toEqual([code]);
    expect(element.tolerances.notes[0]?.offset).toBeTypeOf('number');
  });

  it('joins a constructed OCTET STRING of indefinite length', () => {
    const { element, codes } = tolerantly(hex('24 80 04 01 01 04 02 0203 00 00'));
    expect(Buffer.from(element.octetString()).toString('hex')).toBe('010203');
    expect(codes()).toEqual(['BER_INDEFINITE_LENGTH', 'BER_CONSTRUCTED_STRING']);
    expect(toDer(element)).toEqual(hex('04 03 010203'));
  });

  it.each([
    ['a TRUE that is not FF', '01 01 01', (bytes: Uint8Array) => strictly(bytes).boolean()],
    ['an INTEGER with padding', '02 02 0001', (bytes: Uint8Array) => strictly(bytes).integer()],
    ['a negative INTEGER with padding', '02 02 ff80', (bytes: Uint8Array) => strictly(bytes).integer()],
    ['unused bits that are set', '03 02 01 01', (bytes: Uint8Array) => strictly(bytes).bitString()],
  ])('strictly refuses %s', (_, text, read) => {
    expect(() => read(hex(text))).toThrow(MalformedInput);
    expect(isDer(hex(text))).toBe(false);
  });

  it.each([
    ['an empty INTEGER', '02 00'],
    ['a BOOLEAN of two octets', '01 02 ffff'],
    ['a BIT STRING without unused bits', '03 00'],
    ['a BIT STRING with eight unused bits', '03 02 08 00'],
    ['a NULL with content', '05 01 00'],
    ['an empty OBJECT IDENTIFIER', '06 00'],
    ['an OBJECT IDENTIFIER that is cut off', '06 01 80'],
  ])('%s is no DER', (_, text) => {
    expect(isDer(hex(text))).toBe(false);
  });

  it('bounds nesting, so that hostile input cannot exhaust the stack', () => {
    const definite = Array.from({ length: 40 }).reduce<Uint8Array>((inner) => sequence(inner), nullValue());
    expect(isDer(definite)).toBe(false);
    const indefinite = Buffer.alloc(200_000, Buffer.from([0x30, 0x80]));
    expect(() => tolerantly(indefinite)).toThrow(/nested/);
  });

  it('reads a SET in order and refuses one that is not (X.690 §11.6)', () => {
    expect(isDer(set(integer(1), integer(2)))).toBe(true);
    expect(isDer(set(integer(2), integer(1)))).toBe(false);
  });

  it('reads back what the writer writes', () => {
    const value = fc.letrec<{ leaf: Uint8Array; node: Uint8Array }>((tie) => ({
      leaf: fc.oneof(
        fc.bigInt().map(integer),
        fc.boolean().map(boolean),
        fc.uint8Array({ maxLength: 300 }).map(octetString),
        fc.uint8Array().map(bitString),
        fc.string({ unit: 'grapheme' }).map(utf8String),
        fc.constant(nullValue()),
      ),
      node: fc.oneof(
        { maxDepth: 5 },
        tie('leaf'),
        fc.array(tie('node'), { maxLength: 4 }).map((parts) => sequence(...parts)),
        fc.array(tie('node'), { maxLength: 4 }).map((parts) => setOf(parts)),
      ),
    }));
    fc.assert(
      fc.property(value.node, (bytes) => {
        expect(isDer(bytes)).toBe(true);
        expect(Buffer.from(toDer(strictly(bytes))).equals(bytes)).toBe(true);
      }),
    );
  });

  it('answers any octets with an element or MalformedInput', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => walk(bytes)).not.toThrow();
        isDer(bytes);
      }),
      { numRuns: 1000 },
    );
  });
});

function walk(bytes: Uint8Array): void {
  try {
    toDer(tolerantly(bytes).element);
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
  }
}

describe('INTEGER (X.690 §8.3)', () => {
  it('of any size is read back', () => {
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        expect(strictly(integer(value)).integer()).toBe(value);
        expect(signedBigInt(integerContent(value))).toBe(value);
      }),
    );
  });

  it('beyond 31 bits is no count', () => {
    expect(() => strictly(integer(2n ** 31n)).smallInteger()).toThrow(MalformedInput);
    expect(() => strictly(integer(2n ** 200n)).smallInteger()).toThrow(MalformedInput);
    expect(strictly(integer(-5)).smallInteger()).toBe(-5);
  });
});

describe('OBJECT IDENTIFIER (X.690 §8.19)', () => {
  it('is read back, also with arcs of any size', () => {
    const arcs = fc.array(fc.bigInt({ min: 0n, max: 2n ** 100n }), { minLength: 1, maxLength: 6 });
    const oid = fc.oneof(
      fc.tuple(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 39 }), arcs).map((parts) => parts.flat()),
      fc.tuple(fc.constant(2), arcs).map((parts) => parts.flat()),
    );
    fc.assert(
      fc.property(oid, (parts) => {
        const dotted = parts.join('.');
        expect(decodeOid(objectIdentifier(dotted).subarray(2))).toBe(dotted);
      }),
    );
  });

  it('refuses an arc with leading zeros', () => {
    expect(() => decodeOid(hex('2a 80 01'))).toThrow(MalformedInput);
  });
});

describe('Time (RFC 5280 §4.1.2.5)', () => {
  const seconds = fc.integer({ min: -631_152_000, max: 253_402_300_799 });

  it('is read back from GeneralizedTime and, through 2049, from UTCTime', () => {
    fc.assert(
      fc.property(seconds, (second) => {
        const instant = new Date(second * 1000);
        expect(strictly(generalizedTime(instant)).time()).toEqual(instant);
        expect(strictly(time(instant)).time()).toEqual(instant);
      }),
    );
  });

  it.each(['500101000000Z', '491231235959Z'])('reads the century of %s', (text) => {
    const year = decodeUtcTime(Buffer.from(text)).instant.getUTCFullYear();
    expect(year).toBe(text.startsWith('50') ? 1950 : 2049);
  });

  it.each(['230230120000Z', '231301000000Z', '230101240000Z', '230101006000Z', '2301010000', 'x'])(
    'refuses %s as UTCTime',
    (text) => {
      if (text === '2301010000') expect(decodeUtcTime(Buffer.from(text)).deviations).toHaveLength(2);
      else expect(() => decodeUtcTime(Buffer.from(text))).toThrow(MalformedInput);
    },
  );

  it('reads offsets, fractions and missing seconds leniently, naming each', () => {
    const offset = decodeUtcTime(Buffer.from('2306301200+0200'));
    expect(offset.instant.toISOString()).toBe('2023-06-30T10:00:00.000Z');
    expect(offset.deviations).toHaveLength(2);
    const fraction = decodeGeneralizedTime(Buffer.from('20230630120000.25Z'));
    expect(fraction.instant.getUTCMilliseconds()).toBe(250);
    expect(() => strictly(tlv(0x18, Buffer.from('20230630120000.25Z'))).time()).toThrow(MalformedInput);
  });
});
