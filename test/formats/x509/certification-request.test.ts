import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readElement } from '../../../src/formats/der/reader.ts';
import { toDer } from '../../../src/formats/der/to-der.ts';
import { MalformedInput } from '../../../src/formats/malformed-input.ts';
import { Tolerances } from '../../../src/formats/note.ts';
import { oids } from '../../../src/formats/oids.ts';
import { decodeCertificationRequest } from '../../../src/formats/x509/certification-request.ts';
import { opensslRequest } from '../../support/certification-request.ts';

const request = opensslRequest('P-256', '/C=UT/CN=host', ['-addext', 'subjectAltName=DNS:host.example']);

describe('a PKCS#10 request made by OpenSSL', () => {
  it.each(['P-256', 'brainpoolP256r1', 'RSA 3072', 'RSASSA-PSS 3072'] as const)('is read: %s', (key) => {
    const { subject, subjectPublicKey, signatureAlgorithm, extensions } = decodeCertificationRequest(
      opensslRequest(key, '/C=UT/O=Zürich/CN=host'),
    );
    expect(subject.display).toBe('C=UT,O=Zürich,CN=host');
    expect(subjectPublicKey.kind).toBe(key.startsWith('RSA') ? 'rsa' : 'ec');
    expect(signatureAlgorithm.kind).not.toBe('unsupported');
    expect(extensions.size).toBe(0);
  });

  it('is read with the extensions that it asks for', () => {
    expect([...decodeCertificationRequest(request).extensions.keys()]).toEqual([oids.subjectAltName]);
  });
});

describe('what is no PKCS#10 request in DER', () => {
  const refused = (octets: Uint8Array) => {
    expect(() => decodeCertificationRequest(octets)).toThrow(MalformedInput);
  };

  it('is refused cut off at any octet', () => {
    for (let length = 0; length < request.length; length += 1) refused(request.subarray(0, length));
  });

  it('is refused with octets after it', () => refused(Uint8Array.of(...request, 0)));

  it('is refused in BER', () => {
    expect(request[1]).toBe(0x82);
    const indefinite = Uint8Array.of(0x30, 0x80, ...request.subarray(4), 0, 0);
    refused(indefinite);
    refused(Uint8Array.of(0x30, 0x83, 0, ...request.subarray(2)));
    expect(toDer(readElement(indefinite, 'request', new Tolerances()))).toEqual(request);
  });

  it('is refused with another version', () => {
    const version = Buffer.from(request).indexOf(Buffer.from('020100', 'hex'));
    const changed = Uint8Array.from(request);
    changed[version + 2] = 1;
    refused(changed);
  });

  it('throws nothing else, whatever octet is changed', () => {
    fc.assert(
      fc.property(fc.nat(request.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(request);
        changed[at] = (changed[at] ?? 0) ^ change;
        try {
          decodeCertificationRequest(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedInput);
        }
      }),
      { numRuns: 500 },
    );
  });
});
