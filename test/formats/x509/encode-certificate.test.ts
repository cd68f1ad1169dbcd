import { fromBER } from 'asn1js';
import fc from 'fast-check';
import { Certificate as PkijsCertificate } from 'pkijs';
import { describe, expect, it } from 'vitest';
import { encodeSignatureAlgorithm } from '../../../src/formats/algorithms/encode-algorithm-identifier.ts';
import {
  encodeSubjectPublicKeyInfo,
  keyIdentifierOf,
  type PublicKeyValue,
} from '../../../src/formats/algorithms/encode-subject-public-key-info.ts';
import { curveByName } from '../../../src/formats/algorithms/curves.ts';
import { keyAlgorithms } from '../../../src/formats/algorithms/signature-algorithms.ts';
import { MalformedInput } from '../../../src/formats/malformed-input.ts';
import {
  encodeBasicConstraintsOfCa,
  encodeCrlDistributionPoints,
  encodeDocumentTypeList,
  encodeExtension,
  encodeExtKeyUsage,
  encodeGeneralNames,
  encodeKeyUsage,
  encodePrivateKeyUsagePeriod,
} from '../../../src/formats/x509/encode-extensions.ts';
import {
  encodeSigned,
  encodeTbsCertificate,
  type TbsCertificate,
} from '../../../src/formats/x509/encode-certificate.ts';
import { encodeName } from '../../../src/formats/x509/encode-name.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex').toUpperCase();

const curve = curveByName('P-256');
const publicKey: PublicKeyValue = {
  kind: 'ec',
  curve: 'P-256',
  point: Uint8Array.from(Buffer.from(`04${curve.gx}${curve.gy}`, 'hex')),
};
const name = encodeName([
  { type: 'countryName', value: 'UT' },
  { type: 'commonName', value: 'Grüße aus Utopia' },
]);

function tbs(changes: Partial<TbsCertificate> = {}): TbsCertificate {
  return {
    serialNumber: 0x1234n,
    signature: encodeSignatureAlgorithm({ kind: 'ecdsa', digest: 'SHA-256' }),
    issuer: name,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2055-01-01T00:00:00Z'),
    subject: name,
    subjectPublicKeyInfo: encodeSubjectPublicKeyInfo(publicKey, 'explicit'),
    extensions: [
      { type: 'basicConstraints', critical: true, value: encodeBasicConstraintsOfCa(0) },
      { type: 'keyUsage', critical: true, value: encodeKeyUsage(['keyCertSign', 'cRLSign']) },
    ],
    ...changes,
  };
}

describe('extensions, octet by octet (Doc 9303-12 Table 6)', () => {
  const extension = (
    type: Parameters<typeof encodeExtension>[0]['type'],
    critical: boolean,
    value: Uint8Array,
  ) => hex(encodeExtension({ type, critical, value }));

  it.each([
    [
      'basicConstraints of a CSCA',
      extension('basicConstraints', true, encodeBasicConstraintsOfCa(0)),
      '30120603551D130101FF040830060101FF020100',
    ],
    [
      'keyUsage of a CSCA',
      extension('keyUsage', true, encodeKeyUsage(['cRLSign', 'keyCertSign'])),
      '300E0603551D0F0101FF040403020106',
    ],
    [
      'keyUsage of a Document Signer',
      extension('keyUsage', true, encodeKeyUsage(['digitalSignature'])),
      '300E0603551D0F0101FF040403020780',
    ],
    [
      'extKeyUsage of a Master List Signer',
      extension('extKeyUsage', true, encodeExtKeyUsage(['cscaMasterListSigningKey'])),
      '30140603551D250101FF040A3008060667810801' + '0103',
    ],
    [
      'documentTypeList P',
      extension('documentTypeList', false, encodeDocumentTypeList(['P'])),
      '30150607678108010106020' + '40A300802010031031301' + '50',
    ],
  ])('%s', (_, encoded, expected) => {
    expect(encoded).toBe(expected);
  });

  it('writes privateKeyUsagePeriod as GeneralizedTime also before 2050', () => {
    const value = encodePrivateKeyUsagePeriod(
      new Date('2026-01-02T03:04:05Z'),
      new Date('2026-04-02T03:04:05Z'),
    );
    expect(hex(value)).toBe(
      `3022800F${hex(Buffer.from('20260102030405Z'))}810F${hex(Buffer.from('20260402030405Z'))}`,
    );
  });

  it('writes the country code of subjectAltName as directoryName with localityName alone', () => {
    const value = encodeGeneralNames([{ kind: 'icaoCountryCode', localityName: 'ITA' }]);
    expect(hex(value)).toBe('3012A410300E310C300A06035504071303495441');
  });

  it('sorts documentTypeList as SET OF', () => {
    expect(encodeDocumentTypeList(['IR', 'AR', 'P'])).toEqual(encodeDocumentTypeList(['P', 'IR', 'AR']));
  });

  it('puts all URIs of a CRL into one distribution point', () => {
    const value = encodeCrlDistributionPoints(['http://a/x.crl', 'ldap://b/x']);
    expect(hex(value)).toContain(
      `860E${hex(Buffer.from('http://a/x.crl'))}860A${hex(Buffer.from('ldap://b/x'))}`,
    );
  });
});

describe('algorithm identifiers (Doc 9303-12 §4.1.6, reference bytes)', () => {
  const pss = (digest: string, salt: string) =>
    '304106092A864886F70D01010A3034A00F300D06096086480165030402' +
    `${digest}0500A11C301A06092A864886F70D010108300D06096086480165030402${digest}0500A203020120`.replace(
      /20$/,
      salt,
    );

  it.each([
    ['rsassa-pss-3072-sha256', pss('01', '20')],
    ['rsassa-pss-3072-sha384', pss('02', '30')],
    ['rsassa-pss-4096-sha512', pss('03', '40')],
    ['rsassa-pkcs1-3072-sha256', '300D06092A864886F70D01010B0500'],
    ['ecdsa-P-256-sha256', '300A06082A8648CE3D040302'],
    ['ecdsa-brainpoolP512r1-sha512', '300A06082A8648CE3D040304'],
  ])('%s', (algorithm, expected) => {
    const found = keyAlgorithms.get(algorithm);
    expect(found && hex(encodeSignatureAlgorithm(found.signature))).toBe(expected);
  });

  it('writes explicit P-256 parameters with cofactor, without seed, octet by octet (§4.1.6.3)', () => {
    const expected =
      '3081EC06072A8648CE3D02013081E0020101302C06072A8648CE3D0101022100FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF' +
      '30440420FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC04205AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B' +
      '0441046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5' +
      '022100FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551020101';
    expect(hex(encodeSubjectPublicKeyInfo(publicKey, 'explicit'))).toContain(expected);
  });

  it('refuses a compressed point', () => {
    const compressed = {
      ...publicKey,
      point: Uint8Array.of(2, ...publicKey.point.slice(1, 33)),
    } as PublicKeyValue;
    expect(() => encodeSubjectPublicKeyInfo(compressed, 'explicit')).toThrow(MalformedInput);
  });

  it('makes key identifiers of 20 octets (RFC 5280 §4.2.1.2 method 1)', () => {
    expect(keyIdentifierOf(publicKey)).toHaveLength(20);
  });
});

describe('TBSCertificate (RFC 5280 §4.1)', () => {
  it('is what pkijs reads and writes, octet by octet', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: (1n << 159n) - 1n }),
        fc.date({ min: new Date('1951-01-01'), max: new Date('2049-12-30'), noInvalidDate: true }),
        fc.constantFrom(...keyAlgorithms.values()),
        (serialNumber, date, { signature }) => {
          const algorithm = encodeSignatureAlgorithm(signature);
          const notBefore = new Date(Math.floor(date.getTime() / 1000) * 1000);
          const encoded = encodeTbsCertificate(tbs({ serialNumber, notBefore, signature: algorithm }));
          const whole = encodeSigned(encoded, algorithm, Uint8Array.of(1, 2, 3));
          const parsed = fromBER(Uint8Array.from(whole).buffer);
          const certificate = new PkijsCertificate({ schema: parsed.result });
          expect(
            BigInt(`0x${Buffer.from(certificate.serialNumber.valueBlock.valueHexView).toString('hex')}`),
          ).toBe(serialNumber);
          expect(certificate.notBefore.value.getTime()).toBe(notBefore.getTime());
          expect(hex(new Uint8Array(certificate.toSchema(true).toBER()))).toBe(hex(whole));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('writes UTCTime through 2049 and GeneralizedTime from 2050 (§4.1.2.5)', () => {
    const encoded = Buffer.from(
      encodeTbsCertificate(
        tbs({ notBefore: new Date('2049-12-31T23:59:59Z'), notAfter: new Date('2050-01-01T00:00:00Z') }),
      ),
    ).toString('latin1');
    expect(encoded).toContain('\u0017\u000d491231235959Z\u0018\u000f20500101000000Z');
  });

  it.each([
    ['a serial number of zero', { serialNumber: 0n }, 'serialNumber'],
    ['a negative serial number', { serialNumber: -1n }, 'serialNumber'],
    ['a serial number of 21 octets', { serialNumber: 1n << 159n }, 'serialNumber'],
    ['dates out of order', { notAfter: new Date('2026-01-01T00:00:00Z') }, 'validity'],
    ['a fraction of a second', { notBefore: new Date('2026-01-01T00:00:00.5Z') }, 'Time'],
    ['an extension twice', { extensions: [...tbs().extensions, ...tbs().extensions] }, 'extensions'],
  ])('refuses %s', (_, changes, field) => {
    expect(() => encodeTbsCertificate(tbs(changes))).toThrow(
      expect.objectContaining({ kind: 'malformed', field }),
    );
  });
});

describe('Name (Doc 9303-12 Table 5)', () => {
  it('writes countryName and serialNumber as PrintableString, others as UTF8String', () => {
    const encoded = hex(
      encodeName([
        { type: 'countryName', value: 'UT' },
        { type: 'organizationName', value: 'Ü' },
        { type: 'serialNumber', value: '007' },
      ]),
    );
    expect(encoded).toBe(
      '3028' +
        '310B3009060355040613025554' +
        '310B3009060355040A0C02C39C' +
        '310C300A0603550405' +
        '1303303037',
    );
  });

  it.each([
    ['a country in lower case', 'countryName', 'ut'],
    ['a country of three letters', 'countryName', 'UTO'],
    ['an empty commonName', 'commonName', ''],
    ['a commonName of 65 characters', 'commonName', 'x'.repeat(65)],
    ['a serialNumber with other characters', 'serialNumber', 'a@b'],
  ] as const)('refuses %s', (_, type, value) => {
    expect(() => encodeName([{ type, value }])).toThrow(MalformedInput);
  });
});
