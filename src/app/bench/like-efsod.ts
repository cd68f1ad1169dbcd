import { randomBytes } from 'node:crypto';
import { decodeEfSod } from '../../formats/lds/ef-sod.ts';

/** Makes EF.SODs of which hashes, messageDigest and signature are others, signed by nobody, and the rest is the same. */
export function othersLike(first: Uint8Array): () => Uint8Array {
  const { ldsSecurityObject, signedData } = decodeEfSod(first);
  const [signer] = signedData.signerInfos;
  const differing = [
    ...ldsSecurityObject.dataGroupHashes.values(),
    signer?.signedAttributes?.messageDigest ?? new Uint8Array(),
    // The first octets of the signature are DER.
    signer?.signature.subarray(8) ?? new Uint8Array(),
  ].map((part) => ({ at: part.byteOffset - first.byteOffset, length: part.length }));
  return () => {
    const efSod = Uint8Array.from(first);
    for (const { at, length } of differing) efSod.set(randomBytes(length), at);
    return efSod;
  };
}
