import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineReader } from '../../src/app/http/line-reader.ts';

const maxOctets = 40;

interface ReadLine {
  readonly number: number;
  /** Hexadecimal. */
  readonly octets: string | undefined;
}

/** What a reader makes of a body that comes in these chunks. */
function read(chunks: readonly Uint8Array[]): ReadLine[] {
  const reader = new LineReader(maxOctets);
  const lines: ReadLine[] = [];
  const take = () => {
    for (let line = reader.next(); line !== undefined; line = reader.next()) {
      lines.push({ number: line.number, octets: line.octets?.toString('hex') });
    }
  };
  for (const chunk of chunks) {
    // A copy that is wiped afterwards, as memory is that is used again: nothing may rest on it any more.
    const received = Buffer.from(chunk);
    reader.give(received);
    take();
    received.fill(0);
  }
  reader.end();
  take();
  return lines;
}

/** The same by the plainest means, from the whole body. */
function expected(body: Uint8Array): ReadLine[] {
  return Buffer.from(body)
    .toString('latin1')
    .split('\n')
    .map((text, index) => ({ number: index + 1, text }))
    .filter(({ text }) => text.length > maxOctets || /[^ \t\r]/.test(text))
    .map(({ number, text }) => ({
      number,
      octets: text.length > maxOctets ? undefined : Buffer.from(text, 'latin1').toString('hex'),
    }));
}

function cut(body: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [0, ...at.map((place) => place % (body.length + 1)), body.length].toSorted((a, b) => a - b);
  return places.slice(1).map((end, index) => body.subarray(places[index], end));
}

// Line feeds are as likely as everything else together.
const octet = fc.oneof(
  fc.constant(0x0a),
  fc.constantFrom(0x20, 0x0d, 0x7b),
  fc.integer({ min: 0, max: 255 }),
);
const line = fc.oneof(
  fc.uint8Array({ maxLength: 50 }),
  fc.constantFrom('{}', '{"a":"ü€😀"}', '\r', ' \t', '').map((text) => Buffer.from(text)),
);
const body = fc.oneof(
  fc.array(octet, { maxLength: 200 }).map((octets) => Uint8Array.from(octets)),
  fc
    .array(line, { maxLength: 8 })
    .map((lines) => Buffer.concat(lines.flatMap((text) => [text, Buffer.of(0x0a)]))),
);

describe('LineReader', () => {
  it('finds the same lines wherever the chunks begin and end', () => {
    fc.assert(
      fc.property(body, fc.array(fc.nat(), { maxLength: 30 }), (octets, at) => {
        expect(read(cut(octets, at))).toEqual(expected(octets));
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds the same lines octet by octet', () => {
    fc.assert(
      fc.property(body, (octets) => {
        expect(read([...octets].map((value) => Uint8Array.of(value)))).toEqual(expected(octets));
      }),
    );
  });

  it.each([
    ['as long as may be', maxOctets, [{ number: 1, octets: '61'.repeat(maxOctets) }]],
    ['one octet longer', maxOctets + 1, [{ number: 1, octets: undefined }]],
  ])('a line %s', (_, octets, lines) => {
    const text = Buffer.from(`${'a'.repeat(octets)}\n`);
    expect(read([text])).toEqual(lines);
    expect(read(cut(text, [10, 20]))).toEqual(lines);
  });

  it('goes on after a line that is far too long, and keeps none of it', () => {
    const reader = new LineReader(maxOctets);
    const chunk = Buffer.alloc(1_048_576, 'a');
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 256; i += 1) {
      reader.give(chunk);
      expect(reader.next()).toBeUndefined();
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1_048_576);
    reader.give(Buffer.from('\n{}\n'));
    expect(reader.next()).toEqual({ number: 1, octets: undefined });
    expect(reader.next()).toEqual({ number: 2, octets: Buffer.from('{}') });
    expect(reader.next()).toBeUndefined();
  });
});
