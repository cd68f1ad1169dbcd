import {
  decodeAlgorithmIdentifier,
  decodeDigestAlgorithm,
  decodeSignatureAlgorithm,
  type FoundSignatureAlgorithm,
} from '../algorithms/decode-algorithm-identifier.ts';
import type { DigestAlgorithm } from '../algorithms/digests.ts';
import { requireSetOrder } from '../der/is-der.ts';
import type { Element } from '../der/reader.ts';
import { tags } from '../der/tags.ts';
import { toDerSet } from '../der/to-der.ts';
import { oids } from '../oids.ts';
import { decodeName, type Name } from '../x509/name.ts';

/** Which certificate made the signature. */
export type SignerIdentifier =
  | {
      readonly kind: 'issuerAndSerialNumber';
      readonly issuer: Name;
      /** Content octets of the INTEGER. */
      readonly serialNumberOctets: Uint8Array;
    }
  | { readonly kind: 'subjectKeyIdentifier'; readonly keyIdentifier: Uint8Array };

export interface SignedAttributes {
  /** The received octets with the universal tag SET in place of [0]: what is signed (RFC 5652 §5.4). */
  readonly received: Uint8Array;
  /** The same as strict DER; differs from `received` when the signer sent BER or an unsorted SET. */
  readonly der: Uint8Array;
  /** OIDs of all attributes, in the order of the encoding. */
  readonly types: readonly string[];
  readonly contentType: string | undefined;
  readonly messageDigest: Uint8Array | undefined;
  readonly signingTime: Date | undefined;
}

export interface SignerInfo {
  /** 1 with issuerAndSerialNumber, 3 with subjectKeyIdentifier. */
  readonly version: number;
  readonly sid: SignerIdentifier;
  /** Undefined when it is none of Doc 9303-12 §4.1.6.4 or SHA-1. */
  readonly digestAlgorithm: DigestAlgorithm | undefined;
  readonly digestAlgorithmOid: string;
  readonly signedAttributes: SignedAttributes | undefined;
  readonly signatureAlgorithm: FoundSignatureAlgorithm;
  readonly signature: Uint8Array;
  readonly hasUnsignedAttributes: boolean;
}

/**
 *     SignerInfo ::= SEQUENCE {
 *       version             CMSVersion,
 *       sid                 SignerIdentifier,
 *       digestAlgorithm     DigestAlgorithmIdentifier,
 *       signedAttrs         [0] IMPLICIT SET OF Attribute OPTIONAL,
 *       signatureAlgorithm  SignatureAlgorithmIdentifier,
 *       signature           OCTET STRING,
 *       unsignedAttrs       [1] IMPLICIT SET OF Attribute OPTIONAL }
 *
 * @see RFC 5652 §5.3
 */
export function decodeSignerInfo(element: Element): SignerInfo {
  const fields = element.fields();
  const version = fields.next('version').smallInteger();
  const sid = decodeSignerIdentifier(fields.next('sid'));
  const digestElement = fields.next('digestAlgorithm');
  const digestAlgorithm = decodeDigestAlgorithm(digestElement);
  const signedAttrs = fields.optional(0xa0, 'signedAttrs');
  const signatureAlgorithm = decodeSignatureAlgorithm(fields.next('signatureAlgorithm'), digestAlgorithm);
  const signature = fields.next('signature').octetString();
  const unsignedAttrs = fields.optional(0xa1, 'unsignedAttrs');
  fields.end();
  return {
    version,
    sid,
    digestAlgorithm,
    digestAlgorithmOid: decodeAlgorithmIdentifier(digestElement).oid,
    signedAttributes: signedAttrs === undefined ? undefined : decodeSignedAttributes(signedAttrs),
    signatureAlgorithm,
    signature,
    hasUnsignedAttributes: unsignedAttrs !== undefined,
  };
}

/**
 *     SignerIdentifier ::= CHOICE {
 *       issuerAndSerialNumber  SEQUENCE { issuer Name, serialNumber INTEGER },
 *       subjectKeyIdentifier   [0] IMPLICIT OCTET STRING }
 */
function decodeSignerIdentifier(element: Element): SignerIdentifier {
  if (element.tag === 0x80 || element.tag === 0xa0) {
    return { kind: 'subjectKeyIdentifier', keyIdentifier: element.octetString(0x80) };
  }
  const fields = element.fields();
  const issuer = decodeName(fields.next('issuer'));
  const serialNumberOctets = fields.next('serialNumber').integerOctets();
  fields.end();
  return { kind: 'issuerAndSerialNumber', issuer, serialNumberOctets };
}

function decodeSignedAttributes(element: Element): SignedAttributes {
  requireSetOrder(element);
  const attributes = element.children('Attribute').map(decodeAttribute);
  const value = (type: string): Element | undefined => attributes.find((a) => a.type === type)?.value;
  const received = Uint8Array.from(element.bytes);
  received[0] = tags.set;
  requireEachOnce(element, attributes);
  return {
    received,
    get der() {
      return toDerSet(element);
    },
    types: attributes.map((attribute) => attribute.type),
    contentType: value(oids.contentType)?.objectIdentifier(),
    messageDigest: value(oids.messageDigest)?.octetString(),
    signingTime: value(oids.signingTime)?.time(),
  };
}

interface Attribute {
  readonly type: string;
  /** The first value; contentType, messageDigest and signingTime must have one. */
  readonly value: Element | undefined;
}

/** `Attribute ::= SEQUENCE { attrType OBJECT IDENTIFIER, attrValues SET OF ANY }` */
function decodeAttribute(element: Element): Attribute {
  const fields = element.fields();
  const type = fields.next('attrType').objectIdentifier();
  const [value, ...more] = fields.next('attrValues').expect(tags.set).children('attrValue');
  fields.end();
  const mustBeSingle = type === oids.contentType || type === oids.messageDigest || type === oids.signingTime;
  if (mustBeSingle && (value === undefined || more.length > 0)) {
    throw element.fault('is an attribute that must have one value', 'RFC 5652 §11');
  }
  return { type, value };
}

/** Two messageDigest attributes would let two readers see different documents. */
function requireEachOnce(element: Element, attributes: readonly Attribute[]): void {
  const types = attributes.map((attribute) => attribute.type);
  if (new Set(types).size !== types.length) {
    throw element.fault('has the same attribute twice', 'RFC 5652 §5.3');
  }
}
