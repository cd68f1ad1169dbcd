import { decodeAlgorithmIdentifier } from '../algorithms/decode-algorithm-identifier.ts';
import { requireDer, requireSetOrder } from '../der/is-der.ts';
import { type Element, type Fields, readElement } from '../der/reader.ts';
import { tags } from '../der/tags.ts';
import { MalformedInput } from '../malformed-input.ts';
import { type DecodeOptions, type Note, Tolerances } from '../note.ts';
import { oids } from '../oids.ts';
import { type Certificate, decodeCertificate } from '../x509/certificate.ts';
import { decodeSignerInfo, type SignerInfo } from './signer-info.ts';

/** What is signed. */
export interface EncapsulatedContent {
  /** Dotted decimal. */
  readonly eContentType: string;
  /** The content; undefined when it is detached. */
  readonly eContent: Uint8Array | undefined;
  /** The octets that messageDigest is over: those of `eContent`, unless it is no OCTET STRING (PKCS #7). */
  readonly digestedOctets: Uint8Array | undefined;
}

/** A SignedData as received (RFC 5652 §5.1). */
export interface SignedData extends EncapsulatedContent {
  /** The ContentInfo as received. */
  readonly bytes: Uint8Array;
  readonly version: number;
  /** OIDs of digestAlgorithms. */
  readonly digestAlgorithms: readonly string[];
  /** Those that could be decoded; a note stands for every other one. */
  readonly certificates: readonly Certificate[];
  /** Whether there is a `crls` field, which Doc 9303 forbids. */
  readonly hasCrls: boolean;
  readonly signerInfos: readonly SignerInfo[];
  readonly notes: readonly Note[];
}

/** Decodes an embedded certificate. @throws MalformedInput */
export type CertificateDecoder = (der: Uint8Array, options: DecodeOptions) => Certificate;

export interface SignedDataOptions extends DecodeOptions {
  /** For a reader that knows most certificates already, because every document of a signer brings the same one. */
  readonly certificateDecoder?: CertificateDecoder;
}

/**
 *     ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY }
 *     SignedData ::= SEQUENCE {
 *       version           CMSVersion,
 *       digestAlgorithms  SET OF DigestAlgorithmIdentifier,
 *       encapContentInfo  EncapsulatedContentInfo,
 *       certificates      [0] IMPLICIT SET OF CertificateChoices OPTIONAL,
 *       crls              [1] IMPLICIT RevocationInfoChoices OPTIONAL,
 *       signerInfos       SET OF SignerInfo }
 *
 * @param bytes ContentInfo, DER or BER
 * @throws MalformedInput; with field `contentType` when the content is something else than SignedData
 * @see RFC 5652 §3, §5
 */
export function decodeSignedData(bytes: Uint8Array, options: DecodeOptions = {}): SignedData {
  const tolerances = new Tolerances(options);
  if (tolerances.strict) requireDer(bytes, 'ContentInfo');
  return decodeContentInfo(readElement(bytes, 'ContentInfo', tolerances));
}

/** As `decodeSignedData`, for a ContentInfo that is part of something else. */
export function decodeContentInfo(
  element: Element,
  certificateDecoder: CertificateDecoder = decodeCertificate,
): SignedData {
  const fields = element.fields();
  const contentType = fields.next('contentType').objectIdentifier();
  if (contentType !== oids.signedData) {
    throw new MalformedInput('contentType', `is ${contentType} where SignedData must be`, {
      source: 'RFC 5652 §5.1',
      offset: element.offset,
    });
  }
  const content = fields.next('content').expect(0xa0).only('SignedData');
  fields.end();
  return decodeSignedDataFields(element, content.fields(), certificateDecoder);
}

function decodeSignedDataFields(
  contentInfo: Element,
  fields: Fields,
  certificateDecoder: CertificateDecoder,
): SignedData {
  const { tolerances } = contentInfo;
  const version = fields.next('version').smallInteger();
  const digestAlgorithms = decodeDigestAlgorithms(fields.next('digestAlgorithms'));
  const encapsulated = decodeEncapsulatedContent(fields.next('encapContentInfo'));
  const certificates = fields.optional(0xa0, 'certificates');
  const crls = fields.optional(0xa1, 'crls');
  const signerInfos = fields
    .next('signerInfos')
    .expect(tags.set)
    .children('SignerInfo')
    .map(decodeSignerInfo);
  fields.end();
  return {
    bytes: contentInfo.bytes,
    version,
    digestAlgorithms,
    ...encapsulated,
    certificates: certificates === undefined ? [] : decodeCertificates(certificates, certificateDecoder),
    hasCrls: crls !== undefined,
    signerInfos,
    get notes() {
      return tolerances.notes;
    },
  };
}

function decodeDigestAlgorithms(element: Element): readonly string[] {
  return element
    .expect(tags.set)
    .children('digestAlgorithm')
    .map((algorithm) => decodeAlgorithmIdentifier(algorithm).oid);
}

/**
 *     EncapsulatedContentInfo ::= SEQUENCE {
 *       eContentType  OBJECT IDENTIFIER,
 *       eContent      [0] EXPLICIT OCTET STRING OPTIONAL }
 *
 * PKCS #7 put the content itself where CMS has the OCTET STRING, and some Chinese documents still do.
 */
function decodeEncapsulatedContent(element: Element): EncapsulatedContent {
  const fields = element.fields();
  const eContentType = fields.next('eContentType').objectIdentifier();
  const inner = fields.optional(0xa0, 'eContent')?.only('eContent');
  fields.end();
  if (inner === undefined) return { eContentType, eContent: undefined, digestedOctets: undefined };
  if ((inner.tag & ~0x20) === tags.octetString) {
    const eContent = inner.octetString();
    return { eContentType, eContent, digestedOctets: eContent };
  }
  inner.tolerate('CMS_CONTENT_NO_OCTET_STRING', 'is not wrapped in an OCTET STRING', 'RFC 5652 §5.2.1');
  return { eContentType, eContent: inner.bytes, digestedOctets: inner.content };
}

function decodeCertificates(element: Element, decoder: CertificateDecoder): readonly Certificate[] {
  requireSetOrder(element);
  return element.children('certificate').flatMap((choice) => {
    if (choice.tag !== tags.sequence) {
      choice.tolerate('CMS_CERTIFICATE_FORM', 'is no X.509 certificate', 'RFC 5652 §10.2.2');
      return [];
    }
    return decodeEmbedded(choice, decoder);
  });
}

function decodeEmbedded(choice: Element, decoder: CertificateDecoder): readonly Certificate[] {
  const { tolerances } = choice;
  try {
    return [decoder(choice.bytes, { strict: tolerances.strict })];
  } catch (error) {
    if (!(error instanceof MalformedInput) || tolerances.strict) throw error;
    choice.tolerate('CMS_CERTIFICATE_MALFORMED', error.message, error.source ?? 'RFC 5280 §4.1');
    return [];
  }
}
