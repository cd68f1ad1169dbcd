import { contextConstructed, integer, sequence, time, tlv } from '../der/writer.ts';
import { MalformedInput } from '../malformed-input.ts';
import { assertSerialNumber } from './encode-certificate.ts';
import {
  encodeAuthorityKeyIdentifier,
  encodeCrlNumber,
  encodeExtension,
  integerOctets,
} from './encode-extensions.ts';

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
  /** In ascending order of their serial numbers, each once: the standard asks for none, and so it is told. */
  readonly revokedCertificates: readonly RevokedCertificate[];
  readonly authorityKeyIdentifier: Uint8Array;
  readonly crlNumber: bigint;
}

/**
 * Encodes TBSCertList: v2, no entry extensions, revokedCertificates absent rather than empty.
 *
 * @throws MalformedInput on dates out of order, a number or serial number out of bounds, an entry twice
 * @see Doc 9303-12 §7.1.4 Tables 9 and 10, RFC 5280 §5.1
 */
export function encodeTbsCertList(list: TbsCertList): Uint8Array {
  if (list.thisUpdate.getTime() >= list.nextUpdate.getTime()) {
    throw new MalformedInput('nextUpdate', 'must lie after thisUpdate');
  }
  if (list.crlNumber < 0n || integerOctets(list.crlNumber) > 20) {
    throw new MalformedInput('cRLNumber', 'must not be negative and fit 20 octets', {
      source: 'RFC 5280 §5.2.3',
    });
  }
  const { revokedCertificates } = list;
  return sequence(
    integer(1),
    list.signature,
    list.issuer,
    time(list.thisUpdate),
    time(list.nextUpdate),
    ...(revokedCertificates.length === 0 ? [] : [encodeEntries(revokedCertificates, list.thisUpdate)]),
    contextConstructed(
      0,
      sequence(
        encodeExtension({
          type: 'authorityKeyIdentifier',
          critical: false,
          value: encodeAuthorityKeyIdentifier(list.authorityKeyIdentifier),
        }),
        encodeExtension({ type: 'cRLNumber', critical: false, value: encodeCrlNumber(list.crlNumber) }),
      ),
    ),
  );
}

/** The longest entry: two octets of header, a serial number of 20 octets and GeneralizedTime with theirs. */
const longestEntry = 2 + 22 + 17;

/**
 * revokedCertificates, written in one go: a state's CRL grows to 100,000 entries, and objects for each of their
 * parts would cost more than all else about it.
 */
function encodeEntries(entries: readonly RevokedCertificate[], thisUpdate: Date): Uint8Array {
  const out = Buffer.allocUnsafe(entries.length * longestEntry);
  const times = new Map<number, Uint8Array>();
  let position = 0;
  let previous = 0n;
  for (const { serialNumber, revocationDate } of entries) {
    if (serialNumber <= previous) throw outOfOrder(serialNumber);
    const digits = serialDigits(serialNumber);
    const date = times.get(revocationDate.getTime()) ?? encodeDate(revocationDate, thisUpdate, times);
    const serialOctets = digits.length / 2;
    out[position] = 0x30;
    out[position + 1] = 2 + serialOctets + date.length;
    out[position + 2] = 0x02;
    out[position + 3] = serialOctets;
    position += 4;
    position += out.write(digits, position, 'hex');
    out.set(date, position);
    position += date.length;
    previous = serialNumber;
  }
  return tlv(0x30, out.subarray(0, position));
}

function outOfOrder(serialNumber: bigint): MalformedInput {
  if (serialNumber <= 0n) assertSerialNumber(serialNumber);
  const reason = 'must have each serial number once, in ascending order';
  return new MalformedInput('revokedCertificates', reason);
}

/** Content octets of the INTEGER, hexadecimal: whole octets, the first one without its top bit. */
function serialDigits(serialNumber: bigint): string {
  const digits = serialNumber.toString(16);
  const whole = digits.length % 2 === 0 ? digits : `0${digits}`;
  const octets = whole >= '8' ? `00${whole}` : whole;
  if (octets.length > 40) assertSerialNumber(serialNumber);
  return octets;
}

function encodeDate(revocationDate: Date, thisUpdate: Date, times: Map<number, Uint8Array>): Uint8Array {
  if (revocationDate.getTime() > thisUpdate.getTime()) {
    throw new MalformedInput('revocationDate', 'must not lie after thisUpdate');
  }
  const encoded = time(revocationDate);
  times.set(revocationDate.getTime(), encoded);
  return encoded;
}
