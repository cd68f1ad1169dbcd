import type { DigestAlgorithm } from '../algorithms/digests.ts';
import {
  decodeAlgorithmIdentifier,
  decodeDigestAlgorithm,
} from '../algorithms/decode-algorithm-identifier.ts';
import { requireDer } from '../der/is-der.ts';
import { type Element, readElement } from '../der/reader.ts';
import { tags } from '../der/tags.ts';
import { type DecodeOptions, type Note, Tolerances } from '../note.ts';
import { oidName } from '../oids.ts';

/** The object that a Document Signer signs in EF.SOD. */
export interface LdsSecurityObject {
  /** 0 for LDS 1.7, 1 for LDS 1.8. */
  readonly version: number;
  readonly hashAlgorithm: DigestAlgorithm;
  /** Digest of the complete EF content, by data group number, in the order of the encoding. */
  readonly dataGroupHashes: ReadonlyMap<number, Uint8Array>;
  /** E.g. 0108 and 040000. */
  readonly ldsVersionInfo: { readonly ldsVersion: string; readonly unicodeVersion: string } | undefined;
  readonly notes: readonly Note[];
}

const source = 'Doc 9303-10 §4.6.2.3';

/**
 *     LDSSecurityObject ::= SEQUENCE {
 *       version              INTEGER { v0(0), v1(1) },
 *       hashAlgorithm        DigestAlgorithmIdentifier,
 *       dataGroupHashValues  SEQUENCE SIZE (2..16) OF DataGroupHash,
 *       ldsVersionInfo       LDSVersionInfo OPTIONAL }  -- present in v1 only
 *
 * @param bytes the eContent of the SignedData
 * @throws MalformedInput also on a version, data group number or digest length that does not exist, on a data
 *   group that occurs twice, and on a hashAlgorithm outside Doc 9303-12 §4.1.6.4 and SHA-1
 */
export function decodeLdsSecurityObject(bytes: Uint8Array, options: DecodeOptions = {}): LdsSecurityObject {
  const tolerances = new Tolerances(options);
  if (tolerances.strict) requireDer(bytes, 'LDSSecurityObject');
  const element = readElement(bytes, 'LDSSecurityObject', tolerances);
  const fields = element.fields();
  const version = fields.next('version').smallInteger();
  const hashAlgorithm = decodeHashAlgorithm(fields.next('hashAlgorithm'));
  const dataGroupHashes = decodeDataGroupHashes(fields.next('dataGroupHashValues'), hashAlgorithm);
  const versionInfo = fields.optional(tags.sequence, 'ldsVersionInfo');
  fields.end();
  if (version !== 0 && version !== 1) throw element.fault(`has the version ${version}`, source);
  if ((version === 1) !== (versionInfo !== undefined)) {
    const detail = versionInfo === undefined ? 'is v1 without ldsVersionInfo' : 'is v0 with ldsVersionInfo';
    element.tolerate('LDS_VERSION_INFO', detail, source);
  }
  return {
    version,
    hashAlgorithm,
    dataGroupHashes,
    ldsVersionInfo: versionInfo === undefined ? undefined : decodeVersionInfo(versionInfo),
    notes: tolerances.notes,
  };
}

function decodeHashAlgorithm(element: Element): DigestAlgorithm {
  const algorithm = decodeDigestAlgorithm(element);
  if (algorithm !== undefined) return algorithm;
  const { oid } = decodeAlgorithmIdentifier(element);
  throw element.fault(`is ${oidName(oid) ?? oid}, no digest of an eMRTD`, 'Doc 9303-12 §4.1.6.4');
}

/** `DataGroupHash ::= SEQUENCE { dataGroupNumber INTEGER (1..16), dataGroupHashValue OCTET STRING }` */
function decodeDataGroupHashes(
  element: Element,
  hashAlgorithm: DigestAlgorithm,
): ReadonlyMap<number, Uint8Array> {
  const hashes = new Map<number, Uint8Array>();
  for (const dataGroupHash of element.expect(tags.sequence).elements('DataGroupHash')) {
    const fields = dataGroupHash.fields();
    const number = fields.next('dataGroupNumber').smallInteger();
    const hash = fields.next('dataGroupHashValue').octetString();
    fields.end();
    if (number < 1 || number > 16) throw dataGroupHash.fault(`is of data group ${number}`, source);
    if (hashes.has(number)) throw dataGroupHash.fault(`is the second of data group ${number}`, source);
    if (hash.length !== hashAlgorithm.octets) {
      const reason = `of data group ${number} has ${hash.length} octets, ${hashAlgorithm.name} has others`;
      throw dataGroupHash.fault(reason, source);
    }
    hashes.set(number, hash);
  }
  if (hashes.size < 2) element.tolerate('LDS_DATA_GROUPS', 'has fewer than 2 data groups', source);
  return hashes;
}

/** `LDSVersionInfo ::= SEQUENCE { ldsVersion PrintableString, unicodeVersion PrintableString }` */
function decodeVersionInfo(element: Element): { ldsVersion: string; unicodeVersion: string } {
  const fields = element.fields();
  const ldsVersion = fields.next('ldsVersion').string();
  const unicodeVersion = fields.next('unicodeVersion').string();
  fields.end();
  return { ldsVersion, unicodeVersion };
}
