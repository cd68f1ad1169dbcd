import { describe, expect, it } from 'vitest';
import { parseSodRequest } from '../../src/app/http/sod-request.ts';
import { MalformedInput } from '../../src/formats/malformed-input.ts';

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.split('');
const hash = 'A'.repeat(43).concat('=');

/** An order whose data group 2 is given as this text. */
const orderWith = (dataGroup: string) => ({
  requestId: 'order',
  documentType: 'P',
  digestAlgorithm: 'SHA-256',
  lds: { version: '1.7' },
  dataGroupHashes: { 1: hash, 2: hash },
  dataGroups: { 2: dataGroup },
});

function outcomeOf(dataGroup: string): string | Uint8Array | undefined {
  try {
    return parseSodRequest(orderWith(dataGroup)).dataGroups.get(2);
  } catch (error) {
    if (error instanceof MalformedInput) return `${error.field}: ${error.message}`;
    throw error;
  }
}

describe('base64 in an order (RFC 4648 §3.5, §4)', () => {
  it('is taken where encoding gives the same text again, whatever its last digits are', () => {
    const ends = digits.flatMap((digit) => [`B${digit}==`, `${digit}A==`, `AB${digit}=`, `+/a${digit}`]);
    for (const text of ends.flatMap((end) => [end, `Zz09${end}`])) {
      const octets = Buffer.from(text, 'base64');
      const expected =
        octets.toString('base64') === text
          ? new Uint8Array(octets)
          : expect.stringMatching(/^dataGroups\.2: .*has stray bits at its end/);
      expect([text, outcomeOf(text)]).toEqual([text, expected]);
    }
  });

  it.each(['=', '==', 'A===', 'AAA', 'AAAAA', 'AA=A', 'AA==AAAA', 'AA==\n', ' AAA', 'AA-_'])(
    'is refused as none: %j',
    (text) => expect(outcomeOf(text)).toMatch(/^dataGroups\.2: .*is not base64/),
  );
});

it('data groups come in ascending order, whatever their order was', () => {
  const hashes = Object.fromEntries([
    ['15', hash],
    ['2', hash],
    ['11', hash],
    ['1', hash],
  ]);
  const { request } = parseSodRequest({ ...orderWith('AAAA'), dataGroupHashes: hashes });
  expect([...request.dataGroupHashes.keys()]).toEqual([1, 2, 11, 15]);
});
