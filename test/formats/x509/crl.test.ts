import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bitString,
  integer,
  integerContent,
  objectIdentifier,
  sequence,
  time,
  tlv,
} from '../../../src/formats/der/writer.ts';
import { MalformedInput } from '../../../src/formats/malformed-input.ts';
import { oids } from '../../../src/formats/oids.ts';
import { decodeCrl } from '../../../src/formats/x509/crl.ts';
import { corpusFiles, describeCorpus, readCorpus } from '../../support/corpus.ts';
import { caExtensions, issue, noon, signCrl, softwareKey } from '../../support/software-pki.ts';

const csca = issue({
  key: softwareKey('ecdsa-P-256-sha256'),
  commonName: 'CSCA Utopia',
  extensions: caExtensions,
});

describe('CertificateList (RFC 5280 §5.1, Doc 9303-12 Table 9)', () => {
  it('of our own is strict DER and read without a note', () => {
    const crl = decodeCrl(signCrl(csca, []), { strict: true });
    expect(crl.notes).toEqual([]);
    expect(crl).toMatchObject({ version: 2, crlNumber: 7n, nextUpdate: noon('2026-05-01') });
    expect(crl.revokedCertificates.length).toBe(0);
    expect(Buffer.from(crl.issuer.bytes).equals(csca.subject)).toBe(true);
  });

  it('finds a serial number among 100,000 quickly', () => {
    const revocationDate = noon('2026-01-01');
    const serial = (i: number): bigint => BigInt(i) * 0x1_0000_0001n + 1n;
    const entries = Array.from({ length: 100_000 }, (_, i) =>
      sequence(integer(serial(i)), time(revocationDate)),
    );
    const bytes = unsignedCrl(Buffer.concat(entries));
    const before = performance.now();
    const crl = decodeCrl(bytes);
    expect(crl.revokedCertificates.length).toBe(100_000);
    expect(crl.revokedCertificates.find(integerContent(serial(99_999)))).toMatchObject({ revocationDate });
    expect(crl.revokedCertificates.find(integerContent(2n))).toBeUndefined();
    expect(performance.now() - before).toBeLessThan(5000);
    const [first] = crl.revokedCertificates;
    expect(first?.serialNumber).toBe(1n);
  });

  it('a serial number with redundant zeros is the same number', () => {
    const crl = decodeCrl(signCrl(csca, [{ serialNumber: 5n, revocationDate: noon('2026-01-01') }]));
    expect(crl.revokedCertificates.find(Uint8Array.of(0, 0, 5))?.serialNumber).toBe(5n);
  });

  it('answers any octets and any mutation with a CRL or MalformedInput', () => {
    const bytes = signCrl(csca, [{ serialNumber: 5n, revocationDate: noon('2026-01-01') }]);
    for (let at = 0; at < bytes.length; at += 1) {
      const mutated = Uint8Array.from(bytes);
      mutated[at] = (mutated[at] ?? 0) ^ (1 << (at % 8));
      expectPromise(mutated);
      expectPromise(bytes.subarray(0, at));
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), expectPromise), { numRuns: 500 });
  });
});

function unsignedCrl(entries: Uint8Array): Uint8Array {
  const algorithm = sequence(objectIdentifier(oids.ecdsaWithSha256));
  const thisUpdate = time(noon('2026-02-15'));
  const tbs = sequence(integer(1), algorithm, csca.subject, thisUpdate, tlv(0x30, entries));
  return sequence(tbs, algorithm, bitString(new Uint8Array()));
}

function expectPromise(bytes: Uint8Array): void {
  try {
    const crl = decodeCrl(bytes);
    expect(Array.isArray(crl.notes)).toBe(true);
    expect([...crl.revokedCertificates].length).toBe(crl.revokedCertificates.length);
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
  }
}

describeCorpus('real CRLs', () => {
  it.each(corpusFiles('crl'))('%s is read', (file) => {
    const crl = decodeCrl(readCorpus('crl', file));
    expect([...crl.revokedCertificates]).toHaveLength(crl.revokedCertificates.length);
    for (const entry of crl.revokedCertificates) {
      expect(crl.revokedCertificates.find(integerContent(entry.serialNumber))).toEqual(entry);
    }
  });
});
