import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CrlInPlace } from '../../../src/formats/x509/crl-in-place.ts';
import { encodeEntries, encodeRevokedEntries } from '../../../src/formats/x509/encode-crl.ts';

const revocationDate = new Date('2026-05-01T00:00:00Z');
const entriesOf = (numbers: readonly bigint[]) =>
  numbers.toSorted((a, b) => (a < b ? -1 : 1)).map((serialNumber) => ({ serialNumber, revocationDate }));
const encoded = (numbers: readonly bigint[]) => encodeRevokedEntries(entriesOf(numbers));
const refusal = expect.objectContaining({ kind: 'malformed', field: 'revokedCertificates' }) as Error;

describe('a CRL in one place of memory', () => {
  it('has the entries that all at once would have given, in whatever pages the new ones come', () => {
    const serials = fc.uniqueArray(fc.bigInt({ min: 1n, max: (1n << 20n) - 1n }), { maxLength: 300 });
    fc.assert(
      fc.property(serials, fc.nat({ max: 300 }), fc.integer({ min: 1, max: 90 }), (numbers, cut, page) => {
        const [before, added] = [encoded(numbers.slice(0, cut)), entriesOf(numbers.slice(cut))];
        const crl = new CrlInPlace(before);
        for (let from = 0; from < added.length; from += page) {
          crl.add(encodeEntries(added.slice(from, from + page)));
        }
        const merged = crl.entries();
        expect(Buffer.compare(merged.octets, encoded(numbers).octets)).toBe(0);
        const missing = [...merged.missingFrom(before)];
        expect(missing).toEqual([...encoded(numbers.slice(cut)).missingFrom(encoded([]))]);
        expect(missing).toHaveLength(added.length);
        expect([...before.missingFrom(merged)]).toEqual([]);
      }),
    );
  });

  it('gets its frame around the entries where they lie, and another one instead', () => {
    const crl = new CrlInPlace(encoded([5n]));
    crl.add(encodeEntries(entriesOf([6n])));
    const { octets } = crl.entries();
    const framed = (before: number[], after: number[]) =>
      Buffer.from(crl.within({ before: Uint8Array.from(before), after: Uint8Array.from(after) }));
    expect(framed([1, 2, 3], [4])).toEqual(Buffer.concat([Buffer.of(1, 2, 3), octets, Buffer.of(4)]));
    const whole = crl.within({ before: Uint8Array.of(9), after: Uint8Array.of(8, 7) });
    expect(Buffer.from(whole)).toEqual(Buffer.concat([Buffer.of(9), octets, Buffer.of(8, 7)]));
    expect(whole.buffer).toBe(octets.buffer);
  });

  it('leaves the list before as it was', () => {
    const before = encoded([5n, 9n]);
    const copy = Uint8Array.from(before.octets);
    const crl = new CrlInPlace(before);
    crl.add(encodeEntries(entriesOf([7n])));
    crl.entries();
    crl.within({ before: new Uint8Array(60_000).fill(0xff), after: new Uint8Array(60_000).fill(0xff) });
    expect(before.octets).toEqual(copy);
  });

  it('takes no frame beyond its room', () => {
    const crl = new CrlInPlace();
    crl.entries();
    const long = new Uint8Array(65_537);
    const crlRefusal = expect.objectContaining({ kind: 'malformed', field: 'crl' }) as Error;
    expect(() => crl.within({ before: long, after: new Uint8Array() })).toThrow(crlRefusal);
    expect(() => crl.within({ before: new Uint8Array(), after: long })).toThrow(crlRefusal);
  });

  it.each([
    ['that is there already', [7n], [[7n]]],
    ['that was added already', [], [[7n], [7n]]],
    ['that is less than one of the page before', [], [[7n], [6n]]],
  ])('refuses a serial number %s', (_, before: bigint[], pages: bigint[][]) => {
    const crl = new CrlInPlace(encoded(before));
    for (const page of pages) crl.add(encodeEntries(entriesOf(page)));
    expect(() => crl.entries()).toThrow(refusal);
  });

  const noEntry = Uint8Array.of(0x30, 0x03, 0x02, 0x01, 0x05);

  it('refuses what is no entry, and has taken nothing of it', () => {
    const crl = new CrlInPlace(encoded([5n]));
    expect(() => {
      crl.add(noEntry);
    }).toThrow(refusal);
    expect(crl.entries().octets).toEqual(encoded([5n]).octets);
  });

  it('refuses what is no entry in the end where all is new', () => {
    const crl = new CrlInPlace();
    crl.add(noEntry);
    expect(() => crl.entries()).toThrow(refusal);
  });
});
