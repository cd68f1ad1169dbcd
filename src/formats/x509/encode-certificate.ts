import { bitString, contextConstructed, integer, sequence, time } from '../der/writer.ts';
import { MalformedInput } from '../malformed-input.ts';
import { encodeExtension, type IssuedExtension } from './encode-extensions.ts';

/** Certificate serial number: positive, at most 20 octets as INTEGER (RFC 5280 §4.1.2.2, Doc 9303-12 Table 5). */
export function assertSerialNumber(value: bigint): void {
  if (value <= 0n || value >> 159n !== 0n) {
    throw new MalformedInput('serialNumber', 'must be positive and fit 20 octets', {
      source: 'RFC 5280 §4.1.2.2',
    });
  }
}

export interface TbsCertificate {
  readonly serialNumber: bigint;
  /** AlgorithmIdentifier, DER. */
  readonly signature: Uint8Array;
  /** Name, DER: the issuing certificate's subject octet by octet. */
  readonly issuer: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly subject: Uint8Array;
  readonly subjectPublicKeyInfo: Uint8Array;
  readonly extensions: readonly IssuedExtension[];
}

/**
 * Encodes TBSCertificate of an X.509 v3 certificate.
 *
 *     TBSCertificate ::= SEQUENCE {
 *       version [0] EXPLICIT INTEGER { v3(2) }, serialNumber INTEGER, signature AlgorithmIdentifier,
 *       issuer Name, validity SEQUENCE { notBefore Time, notAfter Time }, subject Name,
 *       subjectPublicKeyInfo SubjectPublicKeyInfo, extensions [3] EXPLICIT SEQUENCE OF Extension }
 *
 * @throws MalformedInput on a serial number out of bounds, dates out of order or an extension given twice
 * @see RFC 5280 §4.1, Doc 9303-12 Table 5
 */
export function encodeTbsCertificate(tbs: TbsCertificate): Uint8Array {
  assertSerialNumber(tbs.serialNumber);
  if (tbs.notBefore.getTime() >= tbs.notAfter.getTime()) {
    throw new MalformedInput('validity', 'notBefore must lie before notAfter');
  }
  if (new Set(tbs.extensions.map((extension) => extension.type)).size !== tbs.extensions.length) {
    throw new MalformedInput('extensions', 'an extension occurs twice', { source: 'RFC 5280 §4.2' });
  }
  return sequence(
    contextConstructed(0, integer(2)),
    integer(tbs.serialNumber),
    tbs.signature,
    tbs.issuer,
    sequence(time(tbs.notBefore), time(tbs.notAfter)),
    tbs.subject,
    tbs.subjectPublicKeyInfo,
    contextConstructed(3, sequence(...tbs.extensions.map(encodeExtension))),
  );
}

/** `SEQUENCE { tbs, signatureAlgorithm, signatureValue BIT STRING }`: the shape of Certificate and CertificateList. */
export function encodeSigned(
  tbs: Uint8Array,
  signatureAlgorithm: Uint8Array,
  signatureValue: Uint8Array,
): Uint8Array {
  return sequence(tbs, signatureAlgorithm, bitString(signatureValue));
}
