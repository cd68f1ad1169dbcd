import {
  type AlgorithmIdentifier,
  decodeAlgorithmIdentifier,
} from '../../../formats/algorithms/decode-algorithm-identifier.ts';
import { type DigestAlgorithm, digestByOid } from '../../../formats/algorithms/digests.ts';
import { readElement } from '../../../formats/der/reader.ts';
import { tags } from '../../../formats/der/tags.ts';
import { MalformedInput } from '../../../formats/malformed-input.ts';
import { Tolerances } from '../../../formats/note.ts';

/** An LDSSecurityObject as it is encoded, with whatever numbers and lengths it has. */
export interface RawLds {
  readonly version: number;
  readonly hashAlgorithm: AlgorithmIdentifier;
  /** Undefined for a digest that Doc 9303 does not know. */
  readonly digest: DigestAlgorithm | undefined;
  /** In the order of the encoding. */
  readonly dataGroupHashes: readonly { readonly number: number; readonly hash: Uint8Array }[];
  readonly versionInfo: { readonly ldsVersion: string; readonly unicodeVersion: string } | undefined;
}

/** @returns undefined where `eContent` has another syntax */
export function readRawLds(eContent: Uint8Array | undefined): RawLds | undefined {
  if (eContent === undefined) return undefined;
  try {
    return readFields(eContent);
  } catch (error) {
    if (error instanceof MalformedInput) return undefined;
    throw error;
  }
}

function readFields(eContent: Uint8Array): RawLds {
  const fields = readElement(eContent, 'LDSSecurityObject', new Tolerances()).fields();
  const version = fields.next('version').smallInteger();
  const hashAlgorithm = decodeAlgorithmIdentifier(fields.next('hashAlgorithm'));
  const hashes = fields.next('dataGroupHashValues').expect(tags.sequence).children('DataGroupHash');
  const versionInfo = fields.optional(tags.sequence, 'ldsVersionInfo')?.fields();
  fields.end();
  return {
    version,
    hashAlgorithm,
    digest: digestByOid(hashAlgorithm.oid),
    dataGroupHashes: hashes.map((element) => {
      const parts = element.fields();
      const number = parts.next('dataGroupNumber').smallInteger();
      return { number, hash: parts.next('dataGroupHashValue').octetString() };
    }),
    versionInfo: versionInfo && {
      ldsVersion: versionInfo.next('ldsVersion').expect(tags.printableString).string(),
      unicodeVersion: versionInfo.next('unicodeVersion').expect(tags.printableString).string(),
    },
  };
}
