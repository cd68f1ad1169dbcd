import type { FoundSignatureAlgorithm } from '../algorithms/decode-algorithm-identifier.ts';
import { requireDer } from '../der/is-der.ts';
import { type Element, type Fields, readElement } from '../der/reader.ts';
import { tags } from '../der/tags.ts';
import { type DecodeOptions, type Note, Tolerances } from '../note.ts';
import { oids } from '../oids.ts';
import { decodeTimeChoice } from './certificate.ts';
import { decodeExtensions, type Extension, ExtensionValues } from './extension.ts';
import {
  type AuthorityKeyIdentifier,
  decodeAuthorityKeyIdentifier,
} from './extensions/authority-key-identifier.ts';
import { decodeCrlNumber } from './extensions/crl-number.ts';
import { decodeName, type Name } from './name.ts';
import { RevokedEntries } from './revoked-entries.ts';
import { decodeSigned, decodeUnsigned, type Envelope } from './signed.ts';

/** One revoked certificate. */
export interface CrlEntry {
  readonly serialNumber: bigint;
  readonly revocationDate: Date;
  /** Doc 9303-12 Table 10 forbids all entry extensions; foreign ones are kept by OID. */
  readonly extensions: ReadonlyMap<string, Extension>;
}

/** revokedCertificates, read entry by entry: a CRL may hold 100,000. */
export class RevokedCertificates {
  readonly #list: Element | undefined;
  /** Where all have the usual form and order. */
  readonly #usual: RevokedEntries | undefined;
  /** Of others, by serial number octets as Latin-1; made at the first search. */
  #bySerial: Map<string, Element> | undefined;
  readonly length: number;

  constructor(list: Element | undefined) {
    this.#list = list;
    const usual = list?.tag === tags.sequence ? RevokedEntries.read(list.content) : undefined;
    // An empty list is not the usual form: it is said to be absent.
    const isUsual = usual !== undefined && usual.length > 0;
    this.#usual = isUsual && usual.isAscending ? usual : undefined;
    if (list === undefined) this.length = 0;
    else this.length = isUsual ? usual.length : countEntries(list);
  }

  /** All entries, where each has the usual form and they are in ascending order. */
  get ascending(): RevokedEntries | undefined {
    return this.#list === undefined ? RevokedEntries.read(new Uint8Array()) : this.#usual;
  }

  /** The entry of a serial number, given as content octets of its INTEGER. */
  find(serialNumberOctets: Uint8Array): CrlEntry | undefined {
    if (this.#list === undefined) return undefined;
    if (this.#usual !== undefined) {
      const entry = this.#usual.find(usualSerial(serialNumberOctets));
      return entry && decodeUsualEntry(entry, this.#list);
    }
    this.#bySerial ??= indexBySerial(this.#list);
    const entry = this.#bySerial.get(serialKey(serialNumberOctets));
    return entry === undefined ? undefined : decodeEntry(entry);
  }

  *[Symbol.iterator](): Generator<CrlEntry, void, void> {
    if (this.#list === undefined) return;
    for (const entry of this.#list.elements('revokedCertificate')) yield decodeEntry(entry);
  }
}

function decodeUsualEntry(octets: Uint8Array, { tolerances }: Element): CrlEntry {
  return decodeEntry(readElement(octets, 'revokedCertificate', tolerances));
}

/** Counts and checks the entries, so that what is malformed is found when the CRL is decoded. */
function countEntries(list: Element): number {
  let count = 0;
  for (const entry of list.expect(tags.sequence).elements('revokedCertificate')) {
    const fields = entry.fields();
    fields.next('userCertificate').integerOctets();
    fields.next('revocationDate').time();
    if (fields.optional(tags.sequence, 'crlEntryExtensions') !== undefined) {
      entry.tolerances.remark({
        code: 'CRL_ENTRY_EXTENSIONS',
        severity: 'info',
        detail: 'revokedCertificates: entries have extensions',
        source: 'Doc 9303-12 Table 10',
        offset: entry.offset,
      });
    }
    fields.end();
    count += 1;
  }
  if (count === 0) list.tolerate('CRL_EMPTY_LIST', 'is present but empty', 'Doc 9303-12 Table 9');
  return count;
}

function indexBySerial(list: Element): Map<string, Element> {
  const index = new Map<string, Element>();
  for (const entry of list.elements('revokedCertificate')) {
    const [serialNumber] = entry.elements('userCertificate');
    if (serialNumber !== undefined) index.set(serialKey(serialNumber.content), entry);
  }
  return index;
}

/** Redundant leading zeros do not make another serial number. */
function serialKey(octets: Uint8Array): string {
  let start = 0;
  while (start < octets.length - 1 && octets[start] === 0) start += 1;
  return Buffer.from(octets.buffer, octets.byteOffset + start, octets.length - start).toString('latin1');
}

/** The octets that a positive INTEGER of this value has: redundant zeros do not make another serial number. */
function usualSerial(octets: Uint8Array): Uint8Array {
  let start = 0;
  while (start < octets.length - 1 && octets[start] === 0) start += 1;
  const value = octets.subarray(start);
  return (value[0] ?? 0) < 0x80 ? value : Uint8Array.of(0, ...value);
}

function decodeEntry(element: Element): CrlEntry {
  const fields = element.fields();
  const serialNumber = fields.next('userCertificate').integer();
  const revocationDate = fields.next('revocationDate').time();
  const extensions = fields.optional(tags.sequence, 'crlEntryExtensions');
  return {
    serialNumber,
    revocationDate,
    extensions: extensions === undefined ? new Map() : decodeExtensions(extensions),
  };
}

interface TbsCertList {
  readonly version: number;
  readonly signatureBytes: Uint8Array;
  readonly issuer: Name;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  readonly revokedCertificates: RevokedCertificates;
  readonly extensions: ReadonlyMap<string, Extension>;
}

/** A certificate revocation list as received (RFC 5280 §5.1). */
export class CertificateList {
  readonly bytes: Uint8Array;
  /** The TBSCertList as received: what the signature is over. */
  readonly tbsBytes: Uint8Array;
  readonly signatureAlgorithm: FoundSignatureAlgorithm;
  readonly signatureAlgorithmBytes: Uint8Array;
  readonly tbsSignatureBytes: Uint8Array;
  readonly signature: Uint8Array;
  /** 2 for v2. */
  readonly version: number;
  readonly issuer: Name;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  readonly revokedCertificates: RevokedCertificates;
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly #values: ExtensionValues;
  readonly #tolerances: Tolerances;

  constructor(envelope: Envelope, tbs: TbsCertList, tolerances: Tolerances) {
    this.bytes = envelope.bytes;
    this.tbsBytes = envelope.tbsBytes;
    this.signatureAlgorithm = envelope.signatureAlgorithm;
    this.signatureAlgorithmBytes = envelope.signatureAlgorithmBytes;
    this.tbsSignatureBytes = tbs.signatureBytes;
    this.signature = envelope.signature;
    this.version = tbs.version;
    this.issuer = tbs.issuer;
    this.thisUpdate = tbs.thisUpdate;
    this.nextUpdate = tbs.nextUpdate;
    this.revokedCertificates = tbs.revokedCertificates;
    this.extensions = tbs.extensions;
    this.#tolerances = tolerances;
    this.#values = new ExtensionValues(tbs.extensions, tolerances);
  }

  get authorityKeyIdentifier(): AuthorityKeyIdentifier | undefined {
    return this.#values.get(oids.authorityKeyIdentifier, decodeAuthorityKeyIdentifier);
  }

  get crlNumber(): bigint | undefined {
    return this.#values.get(oids.cRLNumber, decodeCrlNumber);
  }

  get notes(): readonly Note[] {
    decodeEveryExtension(this);
    return this.#tolerances.notes;
  }
}

function decodeEveryExtension(crl: CertificateList): readonly unknown[] {
  return [crl.authorityKeyIdentifier, crl.crlNumber];
}

/**
 * Requires that a CRL, or its TBSCertList, is DER all the way down.
 *
 * @throws MalformedInput with the offset of the first octet that is not DER
 */
export function requireDerCrl(bytes: Uint8Array, field: string): void {
  const isKnown = ({ tag, contentLength, content }: Element) =>
    tag === tags.sequence && contentLength > 0 && RevokedEntries.read(content) !== undefined;
  requireDer(bytes, field, isKnown);
}

/**
 *     CertificateList ::= SEQUENCE {
 *       tbsCertList         TBSCertList,
 *       signatureAlgorithm  AlgorithmIdentifier,
 *       signatureValue      BIT STRING }
 *
 * @throws MalformedInput
 * @see RFC 5280 §5.1, Doc 9303-12 Table 9
 */
export function decodeCrl(der: Uint8Array, options: DecodeOptions = {}): CertificateList {
  const tolerances = new Tolerances(options);
  if (tolerances.strict) requireDerCrl(der, 'CertificateList');
  const element = readElement(der, 'CertificateList', tolerances);
  const { envelope, tbs } = decodeSigned(element, 'tbsCertList', 'RFC 5280 §5.1.1.3', decodeTbsCertList);
  const crl = new CertificateList(envelope, tbs, tolerances);
  if (tolerances.strict) decodeEveryExtension(crl);
  return crl;
}

/** A TBSCertList that is not signed yet, read tolerantly and in place. @throws MalformedInput */
export function decodeUnsignedCrl(tbs: Uint8Array): CertificateList {
  const tolerances = new Tolerances();
  const unsigned = decodeUnsigned(readElement(tbs, 'tbsCertList', tolerances), decodeTbsCertList);
  return new CertificateList(unsigned.envelope, unsigned.tbs, tolerances);
}

/**
 *     TBSCertList ::= SEQUENCE {
 *       version              Version OPTIONAL,
 *       signature            AlgorithmIdentifier,
 *       issuer               Name,
 *       thisUpdate           Time,
 *       nextUpdate           Time OPTIONAL,
 *       revokedCertificates  SEQUENCE OF SEQUENCE {
 *         userCertificate     CertificateSerialNumber,
 *         revocationDate      Time,
 *         crlEntryExtensions  Extensions OPTIONAL } OPTIONAL,
 *       crlExtensions        [0] EXPLICIT Extensions OPTIONAL }
 */
function decodeTbsCertList(element: Element): TbsCertList {
  const fields = element.fields();
  const version = fields.optional(tags.integer, 'version')?.smallInteger() ?? 0;
  const signatureBytes = fields.next('signature').bytes;
  const issuer = decodeName(fields.next('issuer'));
  const thisUpdate = decodeTimeChoice(fields.next('thisUpdate'));
  const nextUpdate = decodeNextUpdate(fields);
  const revoked = fields.optional(tags.sequence, 'revokedCertificates');
  const extensions = fields.optional(0xa0, 'crlExtensions')?.only('crlExtensions');
  fields.end();
  if (version !== 1) element.tolerate('VERSION', `has version v${version + 1}`, 'Doc 9303-12 Table 9');
  return {
    version: version + 1,
    signatureBytes,
    issuer,
    thisUpdate,
    nextUpdate,
    revokedCertificates: new RevokedCertificates(revoked),
    extensions: extensions === undefined ? new Map() : decodeExtensions(extensions),
  };
}

function decodeNextUpdate(fields: Fields): Date | undefined {
  const tag = fields.peek()?.tag;
  const isTime = tag === tags.utcTime || tag === tags.generalizedTime;
  return isTime ? decodeTimeChoice(fields.next('nextUpdate')) : undefined;
}
