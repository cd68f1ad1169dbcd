import {
  constants,
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  privateEncrypt,
  sign,
} from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeSignatureAlgorithm } from '../../../src/formats/algorithms/encode-algorithm-identifier.ts';
import { encodeSubjectPublicKeyInfo } from '../../../src/formats/algorithms/encode-subject-public-key-info.ts';
import { decodeSignatureAlgorithm } from '../../../src/formats/algorithms/decode-algorithm-identifier.ts';
import { digestAlgorithms, digestByName } from '../../../src/formats/algorithms/digests.ts';
import {
  keyAlgorithms,
  type SignatureAlgorithm,
} from '../../../src/formats/algorithms/signature-algorithms.ts';
import {
  parseSubjectPublicKey,
  type SubjectPublicKey,
} from '../../../src/formats/algorithms/subject-public-key.ts';
import {
  checkSignature,
  checkSignatureAsync,
  verifySignature,
  verifySignatureAsync,
} from '../../../src/formats/algorithms/verify-signature.ts';
import { readElement } from '../../../src/formats/der/reader.ts';
import {
  bitString,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
} from '../../../src/formats/der/writer.ts';
import { Tolerances } from '../../../src/formats/note.ts';
import { oids } from '../../../src/formats/oids.ts';
import { type SoftwareKey, signWith, softwareKey } from '../../support/software-pki.ts';

const data = Buffer.from('what is signed');
const tolerant = { strict: false };

function publicKeyOf(key: SoftwareKey): SubjectPublicKey {
  return parseSubjectPublicKey(encodeSubjectPublicKeyInfo(key.value, 'explicit'), { strict: true });
}

/** RSA keys take long to make, so that every digest shares one of each size. */
const names = [...keyAlgorithms.keys()].filter((name) => !/-(3072|4096)-/.test(name));

describe('signatures (Doc 9303-12 §4.1.6)', () => {
  it.each(names)('%s holds for its data and no other', async (name) => {
    const key = softwareKey(name);
    const publicKey = publicKeyOf(key);
    const signature = signWith(key, data);
    const { signature: algorithm } = key.algorithm;
    expect(verifySignature(algorithm, publicKey, data, signature)).toBe(true);
    expect(await verifySignatureAsync(algorithm, publicKey, data, signature)).toBe(true);
    expect(verifySignature(algorithm, publicKey, Buffer.from('else'), signature)).toBe(false);
    expect(await verifySignatureAsync(algorithm, publicKey, data, Uint8Array.of(1))).toBe(false);
  });

  it('AlgorithmIdentifiers are read back as they were written', () => {
    for (const { signature } of keyAlgorithms.values()) {
      const element = readElement(encodeSignatureAlgorithm(signature), 'a', new Tolerances({ strict: true }));
      expect(decodeSignatureAlgorithm(element)).toEqual(signature);
    }
  });

  it('RSASSA-PSS takes its salt length and the digest of MGF1 from the parameters (RFC 4055 §3.1)', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa-pss', {
      modulusLength: 2048,
      hashAlgorithm: 'sha256',
      mgf1HashAlgorithm: 'sha384',
    });
    const signature = sign('sha256', data, { key: privateKey, saltLength: 40 });
    const key = parseSubjectPublicKey(publicKey.export({ format: 'der', type: 'spki' }));
    const algorithm: SignatureAlgorithm = {
      kind: 'rsassa-pss',
      digest: 'SHA-256',
      mgfDigest: 'SHA-384',
      saltLength: 40,
    };
    expect(verifySignature(algorithm, key, data, signature)).toBe(true);
    expect(verifySignature({ ...algorithm, mgfDigest: 'SHA-256' }, key, data, signature)).toBe(false);
    expect(verifySignature({ kind: 'rsassa-pkcs1-v1_5', digest: 'SHA-256' }, key, data, signature)).toBe(
      false,
    );
  });

  it('a point that is not on its curve is no usable key', () => {
    const key = softwareKey('ecdsa-P-256-sha256');
    const { value } = key;
    if (value.kind !== 'ec') throw new TypeError('not an EC key');
    const point = Uint8Array.from(value.point);
    point[64] = (point[64] ?? 0) ^ 1;
    const publicKey = parseSubjectPublicKey(encodeSubjectPublicKeyInfo({ ...value, point }, 'explicit'));
    const check = checkSignature(key.algorithm.signature, publicKey, data, signWith(key, data), tolerant);
    expect(check.holds).toBe(false);
    expect(check.notes.map((note) => note.code)).toEqual(['KEY_UNUSABLE']);
  });

  it('any octets for a signature are answered with false', () => {
    const keys = [softwareKey('ecdsa-P-256-sha256'), softwareKey('rsassa-pkcs1-2048-sha256')];
    const made = keys.map((key) => ({ algorithm: key.algorithm.signature, publicKey: publicKeyOf(key) }));
    fc.assert(
      fc.property(fc.constantFrom(...made), fc.uint8Array({ maxLength: 300 }), (key, signature) => {
        expect(checkSignature(key.algorithm, key.publicKey, data, signature, tolerant).holds).toBe(false);
      }),
    );
  });
});

describe('foreign signatures', () => {
  const rsa = softwareKey('rsassa-pkcs1-2048-sha256');
  const rsaKey = publicKeyOf(rsa);
  const digest = createHash('sha256').update(data).digest();
  const pkcs1 = (digestInfo: Uint8Array): Uint8Array =>
    privateEncrypt({ key: rsa.privateKey, padding: constants.RSA_PKCS1_PADDING }, digestInfo);

  it('PKCS#1 v1.5 without NULL in DigestInfo holds with a note, strictly not (ICAO list, September 2023)', async () => {
    const { oid } = digestByName('SHA-256');
    const signature = pkcs1(sequence(sequence(objectIdentifier(oid)), octetString(digest)));
    const { signature: algorithm } = rsa.algorithm;
    const check = checkSignature(algorithm, rsaKey, data, signature, tolerant);
    expect(check).toMatchObject({ holds: true, notes: [{ code: 'SIG_DIGESTINFO_NULL' }] });
    expect(await checkSignatureAsync(algorithm, rsaKey, data, signature, tolerant)).toEqual(check);
    expect(verifySignature(algorithm, rsaKey, data, signature)).toBe(false);
  });

  it.each([
    ['of another digest algorithm', digestByName('SHA-384').oid, digest, new Uint8Array()],
    ['of other data', digestByName('SHA-256').oid, createHash('sha256').digest(), new Uint8Array()],
    ['with octets after it', digestByName('SHA-256').oid, digest, Uint8Array.of(0, 0)],
  ])('a DigestInfo without NULL %s does not hold', (_, oid, value, extra) => {
    const digestInfo = sequence(sequence(objectIdentifier(oid)), octetString(value));
    const signature = pkcs1(Buffer.concat([digestInfo, extra]));
    expect(checkSignature(rsa.algorithm.signature, rsaKey, data, signature, tolerant).holds).toBe(false);
  });

  const ec = softwareKey('ecdsa-brainpoolP256r1-sha256');
  const ecKey = publicKeyOf(ec);

  it('ECDSA as r‖s holds with a note, strictly not', () => {
    const signature = sign('sha256', data, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' });
    const check = checkSignature(ec.algorithm.signature, ecKey, data, signature, tolerant);
    expect(check).toMatchObject({ holds: true, notes: [{ code: 'SIG_RAW_ECDSA' }] });
    expect(verifySignature(ec.algorithm.signature, ecKey, data, signature)).toBe(false);
  });

  it('ECDSA with padded integers holds with a note, strictly not', () => {
    const raw = sign('sha256', data, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' });
    const padded = (half: Uint8Array): Uint8Array =>
      Buffer.concat([Uint8Array.of(0x02, half.length + 2, 0, 0), half]);
    const signature = sequence(padded(raw.subarray(0, 32)), padded(raw.subarray(32)));
    const check = checkSignature(ec.algorithm.signature, ecKey, data, signature, tolerant);
    expect(check).toMatchObject({ holds: true, notes: [{ code: 'SIG_ECDSA_PADDING' }] });
    expect(verifySignature(ec.algorithm.signature, ecKey, data, signature)).toBe(false);
  });
});

describe('foreign AlgorithmIdentifiers (RFC 4055, RFC 5758, RFC 3370)', () => {
  const read = (bytes: Uint8Array, strict = false) => {
    const tolerances = new Tolerances({ strict });
    const element = readElement(bytes, 'signatureAlgorithm', tolerances);
    const algorithm = decodeSignatureAlgorithm(element, digestByName('SHA-384'));
    return { algorithm, codes: tolerances.notes.map((note) => note.code) };
  };

  it.each([
    ['RSA without NULL', sequence(objectIdentifier(oids.sha256WithRsaEncryption)), 'ALG_PARAMETERS'],
    ['ECDSA with NULL', sequence(objectIdentifier(oids.ecdsaWithSha256), nullValue()), 'ALG_PARAMETERS'],
    ['PSS without parameters', sequence(objectIdentifier(oids.rsassaPss)), 'PSS_PARAMETERS'],
    ['bare rsaEncryption', sequence(objectIdentifier(oids.rsaEncryption), nullValue()), 'ALG_KEY_TYPE_ONLY'],
    ['bare id-ecPublicKey', sequence(objectIdentifier(oids.idEcPublicKey)), 'ALG_KEY_TYPE_ONLY'],
  ])('%s is read with a note, strictly refused', (_, bytes, code) => {
    expect(read(bytes).codes).toEqual([code]);
    expect(() => read(bytes, true)).toThrow(/signatureAlgorithm/);
  });

  it('bare rsaEncryption takes its digest from digestAlgorithm', () => {
    const { algorithm } = read(sequence(objectIdentifier(oids.rsaEncryption), nullValue()));
    expect(algorithm).toEqual({ kind: 'rsassa-pkcs1-v1_5', digest: 'SHA-384' });
  });

  it('PSS parameters default to SHA-1 and a salt of 20', () => {
    const { algorithm } = read(sequence(objectIdentifier(oids.rsassaPss), sequence()));
    expect(algorithm).toEqual({ kind: 'rsassa-pss', digest: 'SHA-1', mgfDigest: 'SHA-1', saltLength: 20 });
  });

  it('every digest has the length that node:crypto says', () => {
    for (const { node, octets } of digestAlgorithms) {
      expect(createHash(node).digest()).toHaveLength(octets);
    }
  });
});

describe('SubjectPublicKeyInfo (RFC 5280 §4.1.2.7)', () => {
  it('reads a compressed point and a named curve with notes', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const isOdd = ((Buffer.from(y, 'base64url').at(-1) ?? 0) & 1) === 1;
    const point = Buffer.concat([Uint8Array.of(isOdd ? 3 : 2), Buffer.from(x, 'base64url')]);
    const algorithm = sequence(objectIdentifier(oids.idEcPublicKey), objectIdentifier('1.2.840.10045.3.1.7'));
    const key = parseSubjectPublicKey(sequence(algorithm, bitString(point)));
    expect(key).toMatchObject({ kind: 'ec', parameters: 'named', isCompressed: true });
    const signature = sign(
      'sha256',
      data,
      createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })),
    );
    expect(verifySignature({ kind: 'ecdsa', digest: 'SHA-256' }, key, data, signature)).toBe(true);
  });

  it('an unknown key type is unsupported, not malformed', () => {
    const key = parseSubjectPublicKey(
      sequence(sequence(objectIdentifier('1.2.3')), bitString(Uint8Array.of(1))),
    );
    expect(key.kind).toBe('unsupported');
    const check = checkSignature({ kind: 'ecdsa', digest: 'SHA-256' }, key, data, new Uint8Array(), tolerant);
    expect(check.notes.map((note) => note.code)).toEqual(['KEY_UNSUPPORTED']);
  });

  it.each([1n, 2n, 65_536n, -3n])('refuses the RSA exponent %s', (exponent) => {
    const key = sequence(integer(2n ** 2047n + 1n), integer(exponent));
    const spki = sequence(sequence(objectIdentifier(oids.rsaEncryption), nullValue()), bitString(key));
    expect(() => parseSubjectPublicKey(spki)).toThrow(/exponent/);
  });
});
