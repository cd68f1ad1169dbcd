import { fromBER } from 'asn1js';
import fc from 'fast-check';
import { CertificateRevocationList } from 'pkijs';
import { describe, expect, it } from 'vitest';
import { encodeSignatureAlgorithm } from '../../../src/formats/algorithms/encode-algorithm-identifier.ts';
import { integerContent } from '../../../src/formats/der/writer.ts';
import { decodeCrl } from '../../../src/formats/x509/crl.ts';
import { encodeSigned } from '../../../src/formats/x509/encode-certificate.ts';
import {
  encodeEntries,
  encodeRevokedEntries,
  ListedEntries,
  readEntries,
  signedCrlFrame,
  type TbsCertList,
  tbsCertListFrame,
  withEntries,
} from '../../../src/formats/x509/encode-crl.ts';
import { encodeName } from '../../../src/formats/x509/encode-name.ts';

const signature = encodeSignatureAlgorithm({ kind: 'ecdsa', digest: 'SHA-384' });
const thisUpdate = new Date('2026-06-01T00:00:00Z');

function list(changes: Partial<TbsCertList> = {}): TbsCertList {
  return {
    signature,
    issuer: encodeName([{ type: 'countryName', value: 'UT' }]),
    thisUpdate,
    nextUpdate: new Date('2026-07-01T00:00:00Z'),
    authorityKeyIdentifier: new Uint8Array(20),
    crlNumber: 7n,
    ...changes,
  };
}

const tbsOf = (crl: TbsCertList, entries: Uint8Array = new Uint8Array()) =>
  withEntries(tbsCertListFrame(crl, entries.length), entries);
const signed = (tbs: Uint8Array) => encodeSigned(tbs, signature, Uint8Array.of(0));

describe('TBSCertList (Doc 9303-12 §7.1.4)', () => {
  it('is what pkijs reads and writes, and the strict reader finds every entry', () => {
    const serials = fc.uniqueArray(fc.bigInt({ min: 1n, max: (1n << 159n) - 1n }), { maxLength: 200 });
    fc.assert(
      fc.property(serials, (numbers) => {
        const revocationDate = new Date('2026-05-01T00:00:00Z');
        const ascending = numbers.toSorted((a, b) => (a < b ? -1 : 1));
        const { octets } = encodeRevokedEntries(
          ascending.map((serialNumber) => ({ serialNumber, revocationDate })),
        );
        const crl = signed(tbsOf(list(), octets));
        const frame = signedCrlFrame(tbsCertListFrame(list(), octets.length), octets.length, {
          signatureAlgorithm: signature,
          signatureValue: Uint8Array.of(0),
        });
        expect(Buffer.compare(withEntries(frame, octets), crl)).toBe(0);
        const pkijs = new CertificateRevocationList({ schema: fromBER(Uint8Array.from(crl).buffer).result });
        const written = pkijs.toSchema(true) as { toBER(): ArrayBuffer };
        expect(Buffer.from(written.toBER()).equals(crl)).toBe(true);
        const read = decodeCrl(crl, { strict: true });
        expect(read.crlNumber).toBe(7n);
        expect(read.revokedCertificates).toHaveLength(numbers.length);
        for (const number of numbers) {
          expect(read.revokedCertificates.find(integerContent(number))).toBeDefined();
        }
      }),
      { numRuns: 40 },
    );
  });

  it('leaves revokedCertificates out when there is none (Table 9)', () => {
    const crl = decodeCrl(signed(tbsOf(list())), { strict: true });
    expect(crl.revokedCertificates).toHaveLength(0);
    expect(crl.notes).toEqual([]);
  });

  it.each([
    ['nextUpdate before thisUpdate', { nextUpdate: new Date('2026-05-01T00:00:00Z') }, 'nextUpdate'],
    ['a negative number', { crlNumber: -1n }, 'cRLNumber'],
    ['a number of 21 octets', { crlNumber: 1n << 160n }, 'cRLNumber'],
  ])('refuses %s', (_, changes, field) => {
    expect(() => tbsCertListFrame(list(changes), 0)).toThrow(
      expect.objectContaining({ kind: 'malformed', field }),
    );
  });

  it.each([
    ['a serial number twice', [5n, 5n], thisUpdate, 'revokedCertificates'],
    ['serial numbers out of order', [6n, 5n], thisUpdate, 'revokedCertificates'],
    ['a revoked serial number of zero', [0n], thisUpdate, 'serialNumber'],
    ['a revoked serial number of 21 octets', [1n << 159n], thisUpdate, 'serialNumber'],
    ['a revocation in the future', [5n], new Date('2026-06-02T00:00:00Z'), 'revocationDate'],
  ])('refuses %s', (_, serialNumbers, revocationDate, field) => {
    const entries = () =>
      encodeEntries(serialNumbers.map((serialNumber) => ({ serialNumber, revocationDate })));
    expect(() => new ListedEntries(thisUpdate).take(entries())).toThrow(
      expect.objectContaining({ kind: 'malformed', field }),
    );
  });

  it('takes entries in pieces, cut where one ends, and none twice', () => {
    const serials = fc.uniqueArray(fc.bigInt({ min: 1n, max: (1n << 159n) - 1n }), {
      minLength: 2,
      maxLength: 400,
    });
    const revocationDate = new Date('2026-05-01T00:00:00Z');
    fc.assert(
      fc.property(serials, fc.nat(9_000), (numbers, most) => {
        const ascending = numbers.toSorted((a, b) => (a < b ? -1 : 1));
        const entries = encodeRevokedEntries(
          ascending.map((serialNumber) => ({ serialNumber, revocationDate })),
        );
        const pieces = [...entries.pieces(most)];
        expect(Buffer.compare(Buffer.concat(pieces), entries.octets)).toBe(0);
        const listed = new ListedEntries(thisUpdate);
        for (const piece of [new Uint8Array(), ...pieces]) listed.take(piece);
        expect(listed.octets).toBe(entries.octets.length);
        expect(() => listed.take(pieces.at(-1) ?? new Uint8Array())).toThrow(
          expect.objectContaining({ kind: 'malformed', field: 'revokedCertificates' }),
        );
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['an extension', '301430' + '0201' + '05' + '170d3236303530313030303030305a' + '3000'],
    ['a negative serial number', '3012' + '020185' + '170d3236303530313030303030305a'],
    ['a padded serial number', '3013' + '02020005' + '170d3236303530313030303030305a'],
    ['a serial number of 21 octets', '3026' + '0215' + '01'.repeat(21) + '170d3236303530313030303030305a'],
    ['no such day', '3012' + '020105' + '170d3236303232393030303030305a'],
    ['a time without seconds', '3010' + '020105' + '170b323630353031303030305a'],
    ['GeneralizedTime before 2050', '3014' + '020105' + '180f32303236303530313030303030305a'],
    ['a length that is not minimal', '308112' + '020105' + '170d3236303530313030303030305a'],
    ['an end before its time', '3012020105170d32363035'],
  ])('takes no entry with %s, whoever encoded it', (_, entry) => {
    expect(() => readEntries(Buffer.from(entry, 'hex'))).toThrow(
      expect.objectContaining({ kind: 'malformed', field: 'revokedCertificates' }),
    );
  });

  it('takes any day that there is', () => {
    const leap = Buffer.from('3012' + '020105' + '170d3238303232393030303030305a', 'hex');
    expect(readEntries(leap)).toMatchObject({ length: 1, latestTime: 20_280_229_000_000 });
    const later = Buffer.from('3014' + '020105' + '180f32303530303133313030303030305a', 'hex');
    expect(readEntries(later)).toMatchObject({ length: 1, latestTime: 20_500_131_000_000 });
  });
});
