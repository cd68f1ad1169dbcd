import { createHash } from 'node:crypto';
import type { FoundSignatureAlgorithm } from '../algorithms/decode-algorithm-identifier.ts';
import {
  decodeSubjectPublicKey,
  keyIdentifier,
  type SubjectPublicKey,
} from '../algorithms/subject-public-key.ts';
import { requireDer } from '../der/is-der.ts';
import { type Element, type Fields, readElement, signedBigInt } from '../der/reader.ts';
import { tags } from '../der/tags.ts';
import { type DecodeOptions, type Note, Tolerances } from '../note.ts';
import { oids } from '../oids.ts';
import { decodeExtensions, type Extension, ExtensionValues } from './extension.ts';
import { type AlternativeName, decodeAlternativeName } from './extensions/alternative-name.ts';
import {
  type AuthorityKeyIdentifier,
  decodeAuthorityKeyIdentifier,
} from './extensions/authority-key-identifier.ts';
import { type BasicConstraints, decodeBasicConstraints } from './extensions/basic-constraints.ts';
import { decodeCertificatePolicies } from './extensions/certificate-policies.ts';
import { decodeCrlDistributionPoints, type DistributionPoint } from './extensions/crl-distribution-points.ts';
import { decodeDocumentTypeList, type DocumentTypeList } from './extensions/document-type-list.ts';
import { decodeExtendedKeyUsage } from './extensions/extended-key-usage.ts';
import { decodeKeyUsage, type KeyUsageBit } from './extensions/key-usage.ts';
import { decodeNameChange } from './extensions/name-change.ts';
import {
  decodePrivateKeyUsagePeriod,
  type PrivateKeyUsagePeriod,
} from './extensions/private-key-usage-period.ts';
import { decodeSubjectKeyIdentifier } from './extensions/subject-key-identifier.ts';
import { decodeName, type Name } from './name.ts';
import { decodeSigned, decodeUnsigned, type Envelope } from './signed.ts';

interface TbsCertificate {
  readonly version: number;
  readonly serialNumberOctets: Uint8Array;
  readonly signatureBytes: Uint8Array;
  readonly issuer: Name;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly subject: Name;
  readonly subjectPublicKey: SubjectPublicKey;
  readonly hasUniqueIdentifiers: boolean;
  readonly extensions: ReadonlyMap<string, Extension>;
}

/** An X.509 certificate as received (RFC 5280 §4.1). Extensions are decoded when asked for. */
export class Certificate {
  /** The whole certificate as received. */
  readonly bytes: Uint8Array;
  /** The TBSCertificate as received: what the signature is over. */
  readonly tbsBytes: Uint8Array;
  /** 3 for v3. */
  readonly version: number;
  /** Content octets of the serial number as received. */
  readonly serialNumberOctets: Uint8Array;
  readonly signatureAlgorithm: FoundSignatureAlgorithm;
  /** AlgorithmIdentifier outside the TBSCertificate. */
  readonly signatureAlgorithmBytes: Uint8Array;
  /** AlgorithmIdentifier inside the TBSCertificate. */
  readonly tbsSignatureBytes: Uint8Array;
  readonly signature: Uint8Array;
  readonly issuer: Name;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly subject: Name;
  readonly subjectPublicKey: SubjectPublicKey;
  readonly hasUniqueIdentifiers: boolean;
  /** By OID, in the order of the encoding. */
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly #values: ExtensionValues;
  readonly #tolerances: Tolerances;
  #fingerprint: string | undefined;

  constructor(envelope: Envelope, tbs: TbsCertificate, tolerances: Tolerances) {
    this.bytes = envelope.bytes;
    this.tbsBytes = envelope.tbsBytes;
    this.signatureAlgorithm = envelope.signatureAlgorithm;
    this.signatureAlgorithmBytes = envelope.signatureAlgorithmBytes;
    this.signature = envelope.signature;
    this.version = tbs.version;
    this.serialNumberOctets = tbs.serialNumberOctets;
    this.tbsSignatureBytes = tbs.signatureBytes;
    this.issuer = tbs.issuer;
    this.notBefore = tbs.notBefore;
    this.notAfter = tbs.notAfter;
    this.subject = tbs.subject;
    this.subjectPublicKey = tbs.subjectPublicKey;
    this.hasUniqueIdentifiers = tbs.hasUniqueIdentifiers;
    this.extensions = tbs.extensions;
    this.#tolerances = tolerances;
    this.#values = new ExtensionValues(tbs.extensions, tolerances);
  }

  get serialNumber(): bigint {
    return signedBigInt(this.serialNumberOctets);
  }

  /** SHA-256 over the whole certificate, lower-case hexadecimal. */
  get fingerprint(): string {
    this.#fingerprint ??= createHash('sha256').update(this.bytes).digest('hex');
    return this.#fingerprint;
  }

  /** subject equals issuer; says nothing about the signature: most link certificates are self-issued. */
  get isSelfIssued(): boolean {
    return Buffer.compare(this.subject.bytes, this.issuer.bytes) === 0;
  }

  get authorityKeyIdentifier(): AuthorityKeyIdentifier | undefined {
    return this.#values.get(oids.authorityKeyIdentifier, decodeAuthorityKeyIdentifier);
  }

  get subjectKeyIdentifier(): Uint8Array | undefined {
    return this.#values.get(oids.subjectKeyIdentifier, decodeSubjectKeyIdentifier);
  }

  /** The subjectKeyIdentifier, or where there is none the SHA-1 of the key (RFC 5280 §4.2.1.2 method 1). */
  get keyIdentifier(): Uint8Array {
    return this.subjectKeyIdentifier ?? keyIdentifier(this.subjectPublicKey);
  }

  get keyUsage(): ReadonlySet<KeyUsageBit> | undefined {
    return this.#values.get(oids.keyUsage, decodeKeyUsage);
  }

  get privateKeyUsagePeriod(): PrivateKeyUsagePeriod | undefined {
    return this.#values.get(oids.privateKeyUsagePeriod, decodePrivateKeyUsagePeriod);
  }

  get certificatePolicies(): readonly string[] | undefined {
    return this.#values.get(oids.certificatePolicies, decodeCertificatePolicies);
  }

  get subjectAltName(): AlternativeName | undefined {
    return this.#values.get(oids.subjectAltName, decodeAlternativeName);
  }

  get issuerAltName(): AlternativeName | undefined {
    return this.#values.get(oids.issuerAltName, decodeAlternativeName);
  }

  get basicConstraints(): BasicConstraints | undefined {
    return this.#values.get(oids.basicConstraints, decodeBasicConstraints);
  }

  /** KeyPurposeIds as dotted decimal. */
  get extendedKeyUsage(): readonly string[] | undefined {
    return this.#values.get(oids.extKeyUsage, decodeExtendedKeyUsage);
  }

  get crlDistributionPoints(): readonly DistributionPoint[] | undefined {
    return this.#values.get(oids.cRLDistributionPoints, decodeCrlDistributionPoints);
  }

  /** Also under the OID of the draft, which an old French signer uses. */
  get documentTypeList(): DocumentTypeList | undefined {
    return (
      this.#values.get(oids.documentTypeList, decodeDocumentTypeList) ??
      this.#values.get(oids.documentTypeListDraft, decodeDocumentTypeList)
    );
  }

  get nameChange(): boolean {
    return this.#values.get(oids.nameChange, decodeNameChange) ?? false;
  }

  /** Everything that was put up with; asking for it decodes every extension that this reader knows. */
  get notes(): readonly Note[] {
    decodeEveryExtension(this);
    return this.#tolerances.notes;
  }
}

function decodeEveryExtension(certificate: Certificate): readonly unknown[] {
  return [
    certificate.authorityKeyIdentifier,
    certificate.subjectKeyIdentifier,
    certificate.keyUsage,
    certificate.privateKeyUsagePeriod,
    certificate.certificatePolicies,
    certificate.subjectAltName,
    certificate.issuerAltName,
    certificate.basicConstraints,
    certificate.extendedKeyUsage,
    certificate.crlDistributionPoints,
    certificate.documentTypeList,
    certificate.nameChange,
  ];
}

/**
 *     Certificate ::= SEQUENCE {
 *       tbsCertificate      TBSCertificate,
 *       signatureAlgorithm  AlgorithmIdentifier,
 *       signatureValue      BIT STRING }
 *
 * Tolerant by default, with notes; strict, every deviation from DER and RFC 5280 syntax throws, those inside
 * extensions too.
 *
 * @throws MalformedInput
 * @see RFC 5280 §4.1
 */
export function decodeCertificate(der: Uint8Array, options: DecodeOptions = {}): Certificate {
  const tolerances = new Tolerances(options);
  if (tolerances.strict) requireDer(der, 'Certificate');
  const element = readElement(der, 'Certificate', tolerances);
  const clause = 'RFC 5280 §4.1.1.3';
  const { envelope, tbs } = decodeSigned(element, 'tbsCertificate', clause, decodeTbsCertificate);
  const certificate = new Certificate(envelope, tbs, tolerances);
  if (tolerances.strict) decodeEveryExtension(certificate);
  return certificate;
}

/** A TBSCertificate that is not signed yet, read tolerantly. @throws MalformedInput */
export function decodeUnsignedCertificate(tbs: Uint8Array): Certificate {
  const tolerances = new Tolerances();
  const unsigned = decodeUnsigned(readElement(tbs, 'tbsCertificate', tolerances), decodeTbsCertificate);
  return new Certificate(unsigned.envelope, unsigned.tbs, tolerances);
}

/**
 *     TBSCertificate ::= SEQUENCE {
 *       version               [0] EXPLICIT Version DEFAULT v1,
 *       serialNumber          CertificateSerialNumber,
 *       signature             AlgorithmIdentifier,
 *       issuer                Name,
 *       validity              Validity,
 *       subject               Name,
 *       subjectPublicKeyInfo  SubjectPublicKeyInfo,
 *       issuerUniqueID        [1] IMPLICIT UniqueIdentifier OPTIONAL,
 *       subjectUniqueID       [2] IMPLICIT UniqueIdentifier OPTIONAL,
 *       extensions            [3] EXPLICIT Extensions OPTIONAL }
 */
function decodeTbsCertificate(element: Element): TbsCertificate {
  const fields = element.fields();
  const version = fields.optional(0xa0, 'version')?.only('version').smallInteger() ?? 0;
  if (version !== 2) element.tolerate('VERSION', `has version v${version + 1}`, 'Doc 9303-12 Table 5');
  const serialNumberOctets = decodeSerialNumber(fields.next('serialNumber'));
  const signatureBytes = fields.next('signature').bytes;
  const issuer = decodeName(fields.next('issuer'));
  const validity = decodeValidity(fields.next('validity'));
  const subject = decodeName(fields.next('subject'));
  const subjectPublicKey = decodeSubjectPublicKey(fields.next('subjectPublicKeyInfo'));
  const hasUniqueIdentifiers = skipUniqueIdentifiers(fields);
  const extensions = fields.optional(0xa3, 'extensions')?.only('extensions');
  fields.end();
  return {
    version: version + 1,
    serialNumberOctets,
    signatureBytes,
    issuer,
    ...validity,
    subject,
    subjectPublicKey,
    hasUniqueIdentifiers,
    extensions: extensions === undefined ? new Map() : decodeExtensions(extensions),
  };
}

/** Foreign serial numbers are zero, negative or longer than 20 octets; their octets are kept as they are. */
function decodeSerialNumber(element: Element): Uint8Array {
  const octets = element.integerOctets();
  const isPositive = ((octets[0] ?? 0) & 0x80) === 0 && octets.some((octet) => octet !== 0);
  if (!isPositive || octets.length > 20) {
    element.tolerate('SERIAL_NUMBER', 'is not positive or longer than 20 octets', 'RFC 5280 §4.1.2.2');
  }
  return octets;
}

function decodeValidity(element: Element): { notBefore: Date; notAfter: Date } {
  const fields = element.fields();
  const notBefore = decodeTimeChoice(fields.next('notBefore'));
  const notAfter = decodeTimeChoice(fields.next('notAfter'));
  fields.end();
  return { notBefore, notAfter };
}

/** Time: UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5). */
export function decodeTimeChoice(element: Element): Date {
  const time = element.time();
  if (element.tag === tags.generalizedTime && time.getUTCFullYear() < 2050) {
    element.tolerate('TIME_CHOICE', 'is GeneralizedTime before 2050', 'RFC 5280 §4.1.2.5');
  }
  return time;
}

function skipUniqueIdentifiers(fields: Fields): boolean {
  const issuer = fields.optional(0x81, 'issuerUniqueID');
  const subject = fields.optional(0x82, 'subjectUniqueID');
  return issuer !== undefined || subject !== undefined;
}
