import { encodeDigestAlgorithm } from '../algorithms/encode-algorithm-identifier.ts';
import type { DigestName } from '../algorithms/digests.ts';
import {
  contextConstructed,
  contextPrimitive,
  inDerOrder,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  setOf,
  time,
} from '../der/writer.ts';
import { oids } from '../oids.ts';

/** What a signer signs over in CMS: three attributes at the most, in DER order. */
export interface SignedAttributes {
  readonly eContentType: string;
  /** Digest of the eContent octets, without the OCTET STRING header (RFC 5652 §5.4). */
  readonly messageDigest: Uint8Array;
  readonly signingTime?: Date | undefined;
}

/**
 * Encodes SignedAttributes with the universal tag SET, which is what is signed (RFC 5652 §5.4).
 * `signerInfo` writes the same octets with tag [0].
 */
export function encodeSignedAttributes(attributes: SignedAttributes): Uint8Array {
  const encoded = [
    attribute(oids.contentType, objectIdentifier(attributes.eContentType)),
    attribute(oids.messageDigest, octetString(attributes.messageDigest)),
  ];
  if (attributes.signingTime !== undefined) {
    encoded.push(attribute(oids.signingTime, time(attributes.signingTime)));
  }
  return setOf(encoded);
}

function attribute(type: string, value: Uint8Array): Uint8Array {
  return sequence(objectIdentifier(type), set(value));
}

/** issuerAndSerialNumber is recommended for EF.SOD, subjectKeyIdentifier for lists. */
export type SignerIdentifier =
  | {
      readonly kind: 'issuerAndSerialNumber';
      /** Name as it stands in the signer's certificate, DER. */
      readonly issuer: Uint8Array;
      readonly serialNumber: bigint;
    }
  | { readonly kind: 'subjectKeyIdentifier'; readonly keyIdentifier: Uint8Array };

export interface SignedDataContent {
  readonly eContentType: string;
  readonly eContent: Uint8Array;
  readonly digestAlgorithm: DigestName;
  /** Certificates as they are, DER; written in DER order. */
  readonly certificates: readonly Uint8Array[];
  readonly sid: SignerIdentifier;
  /** As `encodeSignedAttributes` returned them. */
  readonly signedAttributes: Uint8Array;
  /** AlgorithmIdentifier, DER. */
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Encodes ContentInfo with a SignedData of version 3 and one SignerInfo, all DER.
 *
 * @see RFC 5652 §5, Doc 9303-10 Table 37 (EF.SOD), Doc 9303-12 Table 18 (lists)
 */
export function encodeSignedData(content: SignedDataContent): Uint8Array {
  const signedData = sequence(
    integer(3),
    set(encodeDigestAlgorithm(content.digestAlgorithm)),
    sequence(objectIdentifier(content.eContentType), contextConstructed(0, octetString(content.eContent))),
    contextConstructed(0, ...inDerOrder(content.certificates)),
    set(encodeSignerInfo(content)),
  );
  return sequence(objectIdentifier(oids.signedData), contextConstructed(0, signedData));
}

function encodeSignerInfo(content: SignedDataContent): Uint8Array {
  const signedAttributes = content.signedAttributes.slice();
  signedAttributes[0] = 0xa0;
  return sequence(
    integer(content.sid.kind === 'issuerAndSerialNumber' ? 1 : 3),
    encodeSignerIdentifier(content.sid),
    encodeDigestAlgorithm(content.digestAlgorithm),
    signedAttributes,
    content.signatureAlgorithm,
    octetString(content.signature),
  );
}

function encodeSignerIdentifier(sid: SignerIdentifier): Uint8Array {
  return sid.kind === 'issuerAndSerialNumber'
    ? sequence(sid.issuer, integer(sid.serialNumber))
    : contextPrimitive(0, sid.keyIdentifier);
}
