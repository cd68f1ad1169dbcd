import { bitString, contextConstructed, header, integer, sequence, time } from '../der/writer.ts';
import { MalformedInput } from '../malformed-input.ts';
import { assertSerialNumber } from './encode-certificate.ts';
import {
  encodeAuthorityKeyIdentifier,
  encodeCrlNumber,
  encodeExtension,
  integerOctets,
} from './encode-extensions.ts';
import { compareSerialNumbers, longestEntry, RevokedEntries, timeNumber } from './revoked-entries.ts';

export interface RevokedCertificate {
  readonly serialNumber: bigint;
  readonly revocationDate: Date;
}

export interface TbsCertList {
  /** AlgorithmIdentifier, DER. */
  readonly signature: Uint8Array;
  /** Name, DER: the subject of the signing CSCA certificate octet by octet. */
  readonly issuer: Uint8Array;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly authorityKeyIdentifier: Uint8Array;
  readonly crlNumber: bigint;
}

/** What a CRL, or its TBSCertList, has before and after the entries of revokedCertificates. */
export interface CrlFrame {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** @param entries of revokedCertificates, one after the other */
export function withEntries({ before, after }: CrlFrame, entries: Uint8Array): Uint8Array {
  return Buffer.concat([before, entries, after]);
}

/**
 * TBSCertList: v2, no entry extensions, revokedCertificates absent rather than empty.
 *
 * @param entryOctets length of all entries, which `ListedEntries` holds against what the list asks of them
 * @throws MalformedInput on dates out of order, a number out of bounds
 * @see Doc 9303-12 §7.1.4 Tables 9 and 10, RFC 5280 §5.1
 */
export function tbsCertListFrame(list: TbsCertList, entryOctets: number): CrlFrame {
  if (list.thisUpdate.getTime() >= list.nextUpdate.getTime()) {
    throw new MalformedInput('nextUpdate', 'must lie after thisUpdate');
  }
  if (list.crlNumber < 0n || integerOctets(list.crlNumber) > 20) {
    throw new MalformedInput('cRLNumber', 'must not be negative and fit 20 octets', {
      source: 'RFC 5280 §5.2.3',
    });
  }
  const before = concat(
    integer(1),
    list.signature,
    list.issuer,
    time(list.thisUpdate),
    time(list.nextUpdate),
    ...(entryOctets === 0 ? [] : [header(0x30, entryOctets)]),
  );
  const after = contextConstructed(
    0,
    sequence(
      encodeExtension({
        type: 'authorityKeyIdentifier',
        critical: false,
        value: encodeAuthorityKeyIdentifier(list.authorityKeyIdentifier),
      }),
      encodeExtension({ type: 'cRLNumber', critical: false, value: encodeCrlNumber(list.crlNumber) }),
    ),
  );
  const length = before.length + entryOctets + after.length;
  return { before: concat(header(0x30, length), before), after };
}

/** CertificateList around a TBSCertList: the same entries stay between. */
export function signedCrlFrame(
  tbs: CrlFrame,
  entryOctets: number,
  signed: { readonly signatureAlgorithm: Uint8Array; readonly signatureValue: Uint8Array },
): CrlFrame {
  const after = concat(tbs.after, signed.signatureAlgorithm, bitString(signed.signatureValue));
  const length = tbs.before.length + entryOctets + after.length;
  return { before: concat(header(0x30, length), tbs.before), after };
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/**
 * Holds the entries of one list, which come in pieces, against what it asks of them: each a serial number and a date
 * alone, in ascending order over all pieces, so that none comes twice, and none revoked after thisUpdate.
 */
export class ListedEntries {
  readonly #thisUpdate: number;
  #last: Uint8Array | undefined;
  #octets = 0;

  constructor(thisUpdate: Date) {
    this.#thisUpdate = timeNumber(thisUpdate);
  }

  /** Of all pieces until now. */
  get octets(): number {
    return this.#octets;
  }

  /** @param piece whole entries @throws MalformedInput */
  take(piece: Uint8Array): void {
    const entries = readEntries(piece);
    if (entries.length === 0) return;
    const follows =
      this.#last === undefined || compareSerialNumbers(this.#last, entries.firstSerialNumber) < 0;
    if (!entries.isAscending || !follows) throw outOfOrder();
    if (entries.latestTime > this.#thisUpdate) {
      throw new MalformedInput('revocationDate', 'must not lie after thisUpdate');
    }
    // The piece itself is not kept.
    this.#last = Uint8Array.from(entries.lastSerialNumber);
    this.#octets += piece.length;
  }
}

/**
 * Entries of revokedCertificates from what they say, in ascending order of their serial numbers, each once.
 *
 * @throws MalformedInput on a serial number out of bounds or out of order
 */
export function encodeRevokedEntries(entries: readonly RevokedCertificate[]): RevokedEntries {
  const encoded = readEntries(encodeEntries(entries));
  if (!encoded.isAscending) throw outOfOrder();
  return encoded;
}

/**
 * Octets of entries, one after the other as they are given: written in one go, because a state's CRL grows to
 * 100,000 of them and objects for each of their parts would cost more than all else about it.
 *
 * @throws MalformedInput on a serial number out of bounds
 */
export function encodeEntries(entries: readonly RevokedCertificate[]): Uint8Array {
  const out = new Uint8Array(entries.length * longestEntry);
  let position = 0;
  let date: Uint8Array = new Uint8Array();
  let dateInstant = Number.NaN;
  for (const { serialNumber, revocationDate } of entries) {
    // Many are revoked at one moment.
    if (revocationDate.getTime() !== dateInstant) {
      date = time(revocationDate);
      dateInstant = revocationDate.getTime();
    }
    const serialAt = putSerial(serialNumber);
    const serialOctets = serialRoom - serialAt;
    out[position] = 0x30;
    out[position + 1] = 2 + serialOctets + date.length;
    out[position + 2] = 0x02;
    out[position + 3] = serialOctets;
    position += 4;
    for (let at = serialAt; at < serialRoom; at += 1) out[position++] = serial[at] ?? 0;
    for (let at = 0; at < date.length; at += 1) out[position++] = date[at] ?? 0;
  }
  return out.subarray(0, position);
}

/** Strictly, so that nothing gets into a list that its readers would not take. @throws MalformedInput */
export function readEntries(octets: Uint8Array): RevokedEntries {
  const entries = RevokedEntries.read(octets);
  if (entries !== undefined) return entries;
  throw new MalformedInput(
    'revokedCertificates',
    'has an entry that is not a serial number and a date alone',
    {
      source: 'Doc 9303-12 Table 10',
    },
  );
}

export function outOfOrder(): MalformedInput {
  const reason = 'must have each serial number once, in ascending order';
  return new MalformedInput('revokedCertificates', reason);
}

/** Room for 20 octets, a zero before them and what makes it whole words. */
const serialRoom = 24;
const serial = new Uint8Array(serialRoom);
const serialWords = new DataView(serial.buffer);

/**
 * Writes the content octets of the INTEGER at the end of `serial`; without a text or an array for each of 100,000.
 *
 * @returns where they begin
 */
function putSerial(serialNumber: bigint): number {
  const highWord = serialNumber >> 128n;
  if (highWord < 0n || highWord > 0x7fff_ffffn) assertSerialNumber(serialNumber);
  serialWords.setBigUint64(0, highWord);
  // Each word takes the lowest 64 bits of what it is given.
  serialWords.setBigUint64(8, serialNumber >> 64n);
  serialWords.setBigUint64(16, serialNumber);
  let start = 0;
  while (start < serialRoom && serial[start] === 0) start += 1;
  if (start === serialRoom) assertSerialNumber(serialNumber);
  // A positive number has its top bit clear.
  return (serial[start] ?? 0) < 0x80 ? start : start - 1;
}
