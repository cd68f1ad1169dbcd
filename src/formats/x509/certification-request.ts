import {
  decodeSignatureAlgorithm,
  type FoundSignatureAlgorithm,
} from '../algorithms/decode-algorithm-identifier.ts';
import { decodeSubjectPublicKey, type SubjectPublicKey } from '../algorithms/subject-public-key.ts';
import { requireDer, requireSetOrder } from '../der/is-der.ts';
import { type Element, readElement } from '../der/reader.ts';
import { tags } from '../der/tags.ts';
import { Tolerances } from '../note.ts';
import { oids } from '../oids.ts';
import { decodeExtensions, type Extension } from './extension.ts';
import { decodeName, type Name } from './name.ts';

/** A PKCS#10 certification request as received. */
export interface CertificationRequest {
  /** CertificationRequestInfo as received: what the signature is over. */
  readonly infoBytes: Uint8Array;
  readonly subject: Name;
  readonly subjectPublicKey: SubjectPublicKey;
  readonly signatureAlgorithm: FoundSignatureAlgorithm;
  readonly signature: Uint8Array;
  /** What its extensionRequest asks for, by OID (RFC 2985 §5.4.2); other attributes are not looked at. */
  readonly extensions: ReadonlyMap<string, Extension>;
}

/**
 *     CertificationRequest ::= SEQUENCE {
 *       certificationRequestInfo  CertificationRequestInfo,
 *       signatureAlgorithm        AlgorithmIdentifier,
 *       signature                 BIT STRING }
 *     CertificationRequestInfo ::= SEQUENCE {
 *       version        INTEGER { v1(0) },
 *       subject        Name,
 *       subjectPKInfo  SubjectPublicKeyInfo,
 *       attributes     [0] IMPLICIT SET OF Attribute }
 *
 * Always strict: a request can be made anew. Its signature is not looked at.
 *
 * @throws MalformedInput
 * @see RFC 2986 §4
 */
export function decodeCertificationRequest(der: Uint8Array): CertificationRequest {
  requireDer(der, 'CertificationRequest');
  const element = readElement(der, 'CertificationRequest', new Tolerances({ strict: true }));
  const fields = element.fields();
  const info = fields.next('certificationRequestInfo');
  const signatureAlgorithm = decodeSignatureAlgorithm(fields.next('signatureAlgorithm'));
  const { unusedBits, octets: signature } = fields.next('signature').bitString();
  fields.end();
  if (unusedBits !== 0) throw element.fault('has a signature that is not whole octets', 'RFC 2986 §4.2');
  return { infoBytes: info.bytes, signatureAlgorithm, signature, ...decodeInfo(info) };
}

function decodeInfo(
  info: Element,
): Pick<CertificationRequest, 'subject' | 'subjectPublicKey' | 'extensions'> {
  const fields = info.fields();
  const version = fields.next('version');
  if (version.smallInteger() !== 0) throw version.fault('is not v1', 'RFC 2986 §4.1');
  const subject = decodeName(fields.next('subject'));
  const subjectPublicKey = decodeSubjectPublicKey(fields.next('subjectPKInfo'));
  const attributes = fields.next('attributes').expect(0xa0);
  fields.end();
  return { subject, subjectPublicKey, extensions: requestedExtensions(attributes) };
}

/** `Attribute ::= SEQUENCE { type OBJECT IDENTIFIER, values SET SIZE (1..MAX) OF ANY }` */
function requestedExtensions(attributes: Element): ReadonlyMap<string, Extension> {
  requireSetOrder(attributes);
  let extensions: ReadonlyMap<string, Extension> | undefined;
  for (const attribute of attributes.children('Attribute')) {
    const fields = attribute.fields();
    const type = fields.next('type').objectIdentifier();
    const values = fields.next('values').expect(tags.set);
    fields.end();
    if (type !== oids.extensionRequest) continue;
    if (extensions !== undefined) throw attribute.fault('is a second extensionRequest', 'RFC 2985 §5.4.2');
    extensions = decodeExtensions(values.only('extensionRequest'));
  }
  return extensions ?? new Map();
}
