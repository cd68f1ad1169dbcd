import { encodeDigestAlgorithm } from '../algorithms/encode-algorithm-identifier.ts';
import { type DigestName, digestByName } from '../algorithms/digests.ts';
import { integer, octetString, printableString, sequence } from '../der/writer.ts';
import { MalformedInput } from '../malformed-input.ts';

interface LdsSecurityObjectFields {
  readonly hashAlgorithm: DigestName;
  /** Digest of the complete EF content, by data group number. */
  readonly dataGroupHashes: ReadonlyMap<number, Uint8Array>;
}

/** v0 goes with LDS 1.7, v1 with LDS 1.8, which alone carries LDSVersionInfo. */
export type LdsSecurityObjectContent = LdsSecurityObjectFields &
  (
    | { readonly version: 0 }
    | {
        readonly version: 1;
        /** `aabb`, e.g. 0108. */
        readonly ldsVersion: string;
        /** `aabbcc`, e.g. 040000. */
        readonly unicodeVersion: string;
      }
  );

/**
 * Encodes the object that a Document Signer signs in EF.SOD.
 *
 *     LDSSecurityObject ::= SEQUENCE {
 *       version              INTEGER { v0(0), v1(1) },
 *       hashAlgorithm        DigestAlgorithmIdentifier,
 *       dataGroupHashValues  SEQUENCE SIZE (2..16) OF DataGroupHash,
 *       ldsVersionInfo       LDSVersionInfo OPTIONAL }  -- present in v1 only
 *     DataGroupHash ::= SEQUENCE { dataGroupNumber INTEGER (1..16), dataGroupHashValue OCTET STRING }
 *     LDSVersionInfo ::= SEQUENCE { ldsVersion PrintableString, unicodeVersion PrintableString }
 *
 * @param object.dataGroupHashes written in ascending group number
 * @returns DER, to become the eContent of the SignedData
 * @throws MalformedInput on fewer than 2 groups, a group outside 1..16 or a digest of the wrong length
 * @see Doc 9303-10 §4.6.2.3
 */
export function encodeLdsSecurityObject(object: LdsSecurityObjectContent): Uint8Array {
  return sequence(
    integer(object.version),
    encodeDigestAlgorithm(object.hashAlgorithm),
    sequence(...encodeDataGroupHashes(object)),
    ...(object.version === 1
      ? [sequence(printableString(object.ldsVersion), printableString(object.unicodeVersion))]
      : []),
  );
}

function encodeDataGroupHashes({ hashAlgorithm, dataGroupHashes }: LdsSecurityObjectFields): Uint8Array[] {
  const source = 'Doc 9303-10 §4.6.2.3';
  const { octets } = digestByName(hashAlgorithm);
  if (dataGroupHashes.size < 2 || dataGroupHashes.size > 16) {
    throw new MalformedInput('dataGroupHashValues', 'must have 2 to 16 data groups', { source });
  }
  const ascending = [...dataGroupHashes].toSorted(([a], [b]) => a - b);
  return ascending.map(([dataGroupNumber, hash]) => {
    if (!Number.isInteger(dataGroupNumber) || dataGroupNumber < 1 || dataGroupNumber > 16) {
      throw new MalformedInput('dataGroupNumber', `${dataGroupNumber} is not one of 1 to 16`, { source });
    }
    if (hash.length !== octets) {
      const reason = `of data group ${dataGroupNumber} has ${hash.length} octets, ${hashAlgorithm} has ${octets}`;
      throw new MalformedInput('dataGroupHashValue', reason, { source });
    }
    return sequence(integer(dataGroupNumber), octetString(hash));
  });
}
