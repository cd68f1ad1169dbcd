import { fromBER, ObjectIdentifier, OctetString, Sequence, Integer, PrintableString } from 'asn1js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DigestName, digestByName } from '../../../src/formats/algorithms/digests.ts';
import {
  encodeDigestAlgorithm,
  encodeSignatureAlgorithm,
} from '../../../src/formats/algorithms/encode-algorithm-identifier.ts';
import { encodeSignedAttributes, encodeSignedData } from '../../../src/formats/cms/encode-signed-data.ts';
import { decodeSignedData } from '../../../src/formats/cms/signed-data.ts';
import { encodeLdsSecurityObject } from '../../../src/formats/lds/encode-lds-security-object.ts';
import { decodeLdsSecurityObject } from '../../../src/formats/lds/lds-security-object.ts';
import { encodeName } from '../../../src/formats/x509/encode-name.ts';
import { oids } from '../../../src/formats/oids.ts';

const digestName = fc.constantFrom<DigestName>('SHA-256', 'SHA-384', 'SHA-512');

/** Two to sixteen data groups with digests of the right length, in any order. */
const hashesOf = (name: DigestName) =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: 16 }), { minLength: 2, maxLength: 16 })
    .chain((numbers) =>
      fc
        .tuple(
          ...numbers.map(() =>
            fc.uint8Array({ minLength: digestByName(name).octets, maxLength: digestByName(name).octets }),
          ),
        )
        .map(
          (hashes) => new Map(numbers.map((number, index) => [number, hashes[index] ?? new Uint8Array()])),
        ),
    );

describe('LDSSecurityObject (Doc 9303-10 §4.6.2.3)', () => {
  it('is what asn1js would write, octet by octet', () => {
    const input = digestName.chain((name) => fc.tuple(fc.constant(name), hashesOf(name), fc.boolean()));
    fc.assert(
      fc.property(input, ([hashAlgorithm, dataGroupHashes, isV1]) => {
        const common = { hashAlgorithm, dataGroupHashes };
        const ours = encodeLdsSecurityObject(
          isV1
            ? { ...common, version: 1, ldsVersion: '0108', unicodeVersion: '040000' }
            : { ...common, version: 0 },
        );
        const ascending = [...dataGroupHashes].toSorted(([a], [b]) => a - b);
        const theirs = new Sequence({
          value: [
            new Integer({ value: isV1 ? 1 : 0 }),
            new Sequence({ value: [new ObjectIdentifier({ value: digestByName(hashAlgorithm).oid })] }),
            new Sequence({
              value: ascending.map(
                ([number, hash]) =>
                  new Sequence({
                    value: [
                      new Integer({ value: number }),
                      new OctetString({ valueHex: Uint8Array.from(hash).buffer }),
                    ],
                  }),
              ),
            }),
            ...(isV1
              ? [
                  new Sequence({
                    value: [new PrintableString({ value: '0108' }), new PrintableString({ value: '040000' })],
                  }),
                ]
              : []),
          ],
        });
        expect(Buffer.from(theirs.toBER()).equals(ours)).toBe(true);
        const read = decodeLdsSecurityObject(ours, { strict: true });
        expect([...read.dataGroupHashes]).toEqual(ascending);
      }),
    );
  });

  it('has the length of the sample in Doc 9303-10: 114 octets with two SHA-256 groups', () => {
    const hash = new Uint8Array(32);
    const object = encodeLdsSecurityObject({
      version: 1,
      ldsVersion: '0108',
      unicodeVersion: '040000',
      hashAlgorithm: 'SHA-256',
      dataGroupHashes: new Map([
        [2, hash],
        [1, hash],
      ]),
    });
    expect(object).toHaveLength(114);
  });

  it.each([
    ['one data group', [[1, 32]], 'dataGroupHashValues'],
    [
      'data group 0',
      [
        [0, 32],
        [1, 32],
      ],
      'dataGroupNumber',
    ],
    [
      'data group 17',
      [
        [1, 32],
        [17, 32],
      ],
      'dataGroupNumber',
    ],
    [
      'a digest that is too short',
      [
        [1, 32],
        [2, 31],
      ],
      'dataGroupHashValue',
    ],
  ])('refuses %s', (_, groups, field) => {
    const dataGroupHashes = new Map(
      groups.map(([number = 0, octets = 0]) => [number, new Uint8Array(octets)]),
    );
    expect(() => encodeLdsSecurityObject({ version: 0, hashAlgorithm: 'SHA-256', dataGroupHashes })).toThrow(
      expect.objectContaining({ kind: 'malformed', field }),
    );
  });
});

describe('SignedData of EF.SOD (Doc 9303-10 Table 37)', () => {
  const messageDigest = new Uint8Array(32).fill(7);
  const signedAttributes = encodeSignedAttributes({
    eContentType: oids.ldsSecurityObject,
    messageDigest,
    signingTime: new Date('2026-06-01T12:00:00Z'),
  });

  it('writes contentType as the standard shows it and the attributes in DER order', () => {
    const text = Buffer.from(signedAttributes).toString('hex').toUpperCase();
    expect(text).toContain('301506092A864886F70D0109033108060667810801' + '0101');
    const set = fromBER(Uint8Array.from(signedAttributes).buffer).result as unknown as {
      valueBlock: { value: { toBER(): ArrayBuffer }[] };
    };
    const encodings = set.valueBlock.value.map((element) => Buffer.from(element.toBER()));
    expect(encodings).toEqual(encodings.toSorted((a, b) => Buffer.compare(a, b)));
  });

  it('reads back strictly, with issuerAndSerialNumber as version 1 and subjectKeyIdentifier as version 3', () => {
    const issuer = encodeName([{ type: 'countryName', value: 'UT' }]);
    for (const [sid, version] of [
      [{ kind: 'issuerAndSerialNumber', issuer, serialNumber: 5n }, 1],
      [{ kind: 'subjectKeyIdentifier', keyIdentifier: new Uint8Array(20) }, 3],
    ] as const) {
      const der = encodeSignedData({
        eContentType: oids.ldsSecurityObject,
        eContent: Uint8Array.of(5, 0),
        digestAlgorithm: 'SHA-256',
        certificates: [],
        sid,
        signedAttributes,
        signatureAlgorithm: encodeSignatureAlgorithm({ kind: 'ecdsa', digest: 'SHA-256' }),
        signature: Uint8Array.of(1),
      });
      const read = decodeSignedData(der, { strict: true });
      expect(read.version).toBe(3);
      expect(read.signerInfos[0]?.version).toBe(version);
      expect(read.signerInfos[0]?.signedAttributes?.received).toEqual(signedAttributes);
      expect(read.notes).toEqual([]);
    }
  });

  it('writes digest identifiers without NULL (RFC 5754 §2)', () => {
    expect(Buffer.from(encodeDigestAlgorithm('SHA-256')).toString('hex')).toBe('300b0609608648016503040201');
  });
});
