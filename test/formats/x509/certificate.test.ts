import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { integer, octetString, printableString, sequence, set } from '../../../src/formats/der/writer.ts';
import { MalformedInput } from '../../../src/formats/malformed-input.ts';
import { oids } from '../../../src/formats/oids.ts';
import { decodeCertificate } from '../../../src/formats/x509/certificate.ts';
import { corpusFiles, describeCorpus, readCorpus } from '../../support/corpus.ts';
import {
  caExtensions,
  documentSignerExtensions,
  issue,
  noon,
  softwareKey,
} from '../../support/software-pki.ts';

const key = softwareKey('ecdsa-brainpoolP256r1-sha256');
const csca = issue({ key, commonName: 'CSCA Utopia', extensions: caExtensions });

describe('Certificate (RFC 5280 §4.1, Doc 9303-12 Table 5)', () => {
  it('of our own is strict DER and read without a note', () => {
    const certificate = decodeCertificate(csca.bytes, { strict: true });
    expect(certificate.notes).toEqual([]);
    expect(certificate).toMatchObject({ version: 3, serialNumber: 1n, isSelfIssued: true });
    expect(certificate.subject.display).toBe('C=UT,CN=CSCA Utopia');
    expect(certificate.notBefore).toEqual(noon('2025-01-01'));
    expect(certificate.basicConstraints).toEqual({ cA: true, pathLenConstraint: 0 });
    expect([...(certificate.keyUsage ?? [])]).toEqual(['keyCertSign', 'cRLSign']);
    expect(certificate.keyIdentifier).toEqual(certificate.authorityKeyIdentifier?.keyIdentifier);
    expect(certificate.subjectPublicKey).toMatchObject({ kind: 'ec', parameters: 'explicit' });
  });

  it('gives the extensions of a Document Signer', () => {
    const dsc = issue({ key, commonName: 'DS', issuer: csca, extensions: documentSignerExtensions });
    const certificate = decodeCertificate(dsc.bytes, { strict: true });
    expect(certificate.documentTypeList).toEqual({ version: 0, types: ['P'] });
    expect(certificate.subjectAltName?.country).toBe('UTO');
    expect(certificate.privateKeyUsagePeriod).toEqual({
      notBefore: noon('2026-01-01'),
      notAfter: noon('2026-04-01'),
    });
    expect(certificate.extendedKeyUsage).toBeUndefined();
    expect(certificate.nameChange).toBe(false);
  });

  it('survives a malformed extension with a note, and strictly does not', () => {
    const extensions = [
      { type: 'issuerAltName', critical: false, value: Uint8Array.of(0x30, 0x05) },
    ] as const;
    const { bytes } = issue({ key, commonName: 'CSCA', extensions });
    const certificate = decodeCertificate(bytes);
    expect(certificate.issuerAltName).toBeUndefined();
    expect(certificate.extensions.has(oids.issuerAltName)).toBe(true);
    expect(certificate.notes.map((note) => note.code)).toEqual(['EXTENSION_MALFORMED']);
    expect(() => decodeCertificate(bytes, { strict: true })).toThrow(MalformedInput);
  });

  const types = (...values: string[]): Uint8Array[] => values.map(printableString);
  it.each([
    ['each type in a SET of its own (Moldova)', sequence(integer(0), ...types('P', 'PD').map((t) => set(t)))],
    ['types without version (China)', sequence(...types('P', 'PD'))],
    ['types without SET', sequence(integer(0), ...types('P', 'PD'))],
    ['a SET without version', sequence(set(...types('P', 'PD')))],
  ])('reads documentTypeList with %s, with a note', (_, value) => {
    const extensions = [{ type: 'documentTypeList', critical: false, value }] as const;
    const certificate = decodeCertificate(issue({ key, commonName: 'DS', extensions }).bytes);
    expect(certificate.documentTypeList?.types).toEqual(['P', 'PD']);
    expect(certificate.notes.map((note) => note.code)).toContain('DOCUMENT_TYPE_LIST_FORM');
  });

  it('answers a mutation at any octet with a certificate or MalformedInput', () => {
    for (let at = 0; at < csca.bytes.length; at += 1) {
      const mutated = Uint8Array.from(csca.bytes);
      mutated[at] = (mutated[at] ?? 0) ^ (1 << (at % 8));
      expectPromise(mutated);
      expectPromise(csca.bytes.subarray(0, at));
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), expectPromise), { numRuns: 500 });
    fc.assert(fc.property(fc.uint8Array(), (octets) => expectPromise(sequence(octetString(octets)))));
  });
});

function expectPromise(bytes: Uint8Array): void {
  try {
    const certificate = decodeCertificate(bytes);
    expect(Array.isArray(certificate.notes)).toBe(true);
    expect(certificate.subject.display).toBeTypeOf('string');
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
  }
}

describeCorpus('real certificates', () => {
  const files = ['csca', 'dsc'].flatMap((folder) =>
    corpusFiles(folder).map((file) => [folder, file] as const),
  );

  it('are many', () => {
    expect(files.length).toBeGreaterThan(200);
  });

  it.each(files)('%s/%s is read, with all its extensions', (folder, file) => {
    const certificate = decodeCertificate(readCorpus(folder, file));
    const codes = certificate.notes.map((note) => note.code);
    expect(codes).not.toContain('EXTENSION_MALFORMED');
    expect(certificate.subjectPublicKey.kind).not.toBe('unsupported');
    expect(certificate.signatureAlgorithm.kind).not.toBe('unsupported');
  });

  it.each(files)('%s/%s is to us what it is to OpenSSL', (folder, file) => {
    const bytes = readCorpus(folder, file);
    const certificate = decodeCertificate(bytes);
    const other = new X509Certificate(bytes);
    const serial = certificate.serialNumber < 0n ? -certificate.serialNumber : certificate.serialNumber;
    expect(serial.toString(16).toUpperCase()).toBe(other.serialNumber.replace(/^-?0*(?=.)/, ''));
    expect(certificate.notBefore).toEqual(new Date(other.validFrom));
    expect(certificate.notAfter).toEqual(new Date(other.validTo));
    expect(certificate.fingerprint.toUpperCase()).toBe(other.fingerprint256.replaceAll(':', ''));
    const keyDetails = other.publicKey.asymmetricKeyDetails;
    const { subjectPublicKey } = certificate;
    if (subjectPublicKey.kind === 'rsa') {
      expect(subjectPublicKey.modulusBits).toBe(keyDetails?.modulusLength);
      expect(subjectPublicKey.exponent).toBe(keyDetails?.publicExponent);
    }
  });
});
