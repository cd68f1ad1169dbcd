import { fromBER } from 'asn1js';
import fc from 'fast-check';
import { CertificateRevocationList } from 'pkijs';
import { describe, expect, it } from 'vitest';
import { encodeSignatureAlgorithm } from '../../../src/formats/algorithms/encode-algorithm-identifier.ts';
import { integerContent } from '../../../src/formats/der/writer.ts';
import { decodeCrl } from '../../../src/formats/x509/crl.ts';
import { encodeSigned } from '../../../src/formats/x509/encode-certificate.ts';
import { encodeTbsCertList, type TbsCertList } from '../../../src/formats/x509/encode-crl.ts';
import { encodeName } from '../../../src/formats/x509/encode-name.ts';

const signature = encodeSignatureAlgorithm({ kind: 'ecdsa', digest: 'SHA-384' });
const thisUpdate = new Date('2026-06-01T00:00:00Z');

function list(changes: Partial<TbsCertList> = {}): TbsCertList {
  return {
    signature,
    issuer: encodeName([{ type: 'countryName', value: 'UT' }]),
    thisUpdate,
    nextUpdate: new Date('2026-07-01T00:00:00Z'),
    revokedCertificates: [],
    authorityKeyIdentifier: new Uint8Array(20),
    crlNumber: 7n,
    ...changes,
  };
}

const signed = (tbs: Uint8Array) => encodeSigned(tbs, signature, Uint8Array.of(0));

describe('TBSCertList (Doc 9303-12 §7.1.4)', () => {
  it('is what pkijs reads and writes, and the strict reader finds every entry', () => {
    const serials = fc.uniqueArray(fc.bigInt({ min: 1n, max: (1n << 159n) - 1n }), { maxLength: 40 });
    fc.assert(
      fc.property(serials, (numbers) => {
        const revocationDate = new Date('2026-05-01T00:00:00Z');
        const ascending = numbers.toSorted((a, b) => (a < b ? -1 : 1));
        const revokedCertificates = ascending.map((serialNumber) => ({ serialNumber, revocationDate }));
        const crl = signed(encodeTbsCertList(list({ revokedCertificates })));
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
    const crl = decodeCrl(signed(encodeTbsCertList(list())), { strict: true });
    expect(crl.revokedCertificates).toHaveLength(0);
    expect(crl.notes).toEqual([]);
  });

  it.each([
    ['nextUpdate before thisUpdate', { nextUpdate: new Date('2026-05-01T00:00:00Z') }, 'nextUpdate'],
    ['a negative number', { crlNumber: -1n }, 'cRLNumber'],
    ['a number of 21 octets', { crlNumber: 1n << 160n }, 'cRLNumber'],
    [
      'a serial number twice',
      {
        revokedCertificates: [
          { serialNumber: 5n, revocationDate: thisUpdate },
          { serialNumber: 5n, revocationDate: thisUpdate },
        ],
      },
      'revokedCertificates',
    ],
    [
      'serial numbers out of order',
      {
        revokedCertificates: [
          { serialNumber: 6n, revocationDate: thisUpdate },
          { serialNumber: 5n, revocationDate: thisUpdate },
        ],
      },
      'revokedCertificates',
    ],
    [
      'a revoked serial number of zero',
      { revokedCertificates: [{ serialNumber: 0n, revocationDate: thisUpdate }] },
      'serialNumber',
    ],
    [
      'a revoked serial number of 21 octets',
      { revokedCertificates: [{ serialNumber: 1n << 159n, revocationDate: thisUpdate }] },
      'serialNumber',
    ],
    [
      'a revocation in the future',
      { revokedCertificates: [{ serialNumber: 5n, revocationDate: new Date('2026-06-02T00:00:00Z') }] },
      'revocationDate',
    ],
  ])('refuses %s', (_, changes, field) => {
    expect(() => encodeTbsCertList(list(changes))).toThrow(
      expect.objectContaining({ kind: 'malformed', field }),
    );
  });
});
