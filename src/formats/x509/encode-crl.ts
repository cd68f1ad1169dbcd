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
  const entries = list.revokedCertificates.map((entry) => encodeEntry(entry, list.thisUpdate));
  if (new Set(list.revokedCertificates.map((entry) => entry.serialNumber)).size !== entries.length) {
    throw new MalformedInput('revokedCertificates', 'a serial number occurs twice');
  }
  return sequence(
    integer(1),
    list.signature,
    list.issuer,
    time(list.thisUpdate),
    time(list.nextUpdate),
    ...(entries.length === 0 ? [] : [tlv(0x30, Buffer.concat(entries))]),
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

function encodeEntry(entry: RevokedCertificate, thisUpdate: Date): Uint8Array {
  assertSerialNumber(entry.serialNumber);
  if (entry.revocationDate.getTime() > thisUpdate.getTime()) {
    throw new MalformedInput('revocationDate', 'must not lie after thisUpdate');
  }
  return sequence(integer(entry.serialNumber), time(entry.revocationDate));
}
