import {
  contextConstructed,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
} from '../der/writer.ts';
import { oids } from '../oids.ts';
import { type DigestName, digestByName } from './digests.ts';
import type { SignatureAlgorithm } from './signature-algorithms.ts';

const ecdsaOids: Record<DigestName, string> = {
  'SHA-1': oids.ecdsaWithSha1,
  'SHA-224': oids.ecdsaWithSha224,
  'SHA-256': oids.ecdsaWithSha256,
  'SHA-384': oids.ecdsaWithSha384,
  'SHA-512': oids.ecdsaWithSha512,
};
const rsaPkcs1Oids: Record<DigestName, string> = {
  'SHA-1': oids.sha1WithRsaEncryption,
  'SHA-224': oids.sha224WithRsaEncryption,
  'SHA-256': oids.sha256WithRsaEncryption,
  'SHA-384': oids.sha384WithRsaEncryption,
  'SHA-512': oids.sha512WithRsaEncryption,
};

/**
 * AlgorithmIdentifier of a signature: ECDSA without parameters (RFC 5758 §3.2), PKCS#1 v1.5 with NULL and
 * PSS with all of its parameters (RFC 4055 §3.1; the SHA-1 defaults never apply, Doc 9303-12 §4.1.6.4).
 */
export function encodeSignatureAlgorithm(algorithm: SignatureAlgorithm): Uint8Array {
  switch (algorithm.kind) {
    case 'ecdsa':
      return sequence(objectIdentifier(ecdsaOids[algorithm.digest]));
    case 'rsassa-pkcs1-v1_5':
      return sequence(objectIdentifier(rsaPkcs1Oids[algorithm.digest]), nullValue());
    case 'rsassa-pss':
      return sequence(
        objectIdentifier(oids.rsassaPss),
        sequence(
          contextConstructed(0, hashWithNull(algorithm.digest)),
          contextConstructed(1, sequence(objectIdentifier(oids.mgf1), hashWithNull(algorithm.mgfDigest))),
          contextConstructed(2, integer(algorithm.saltLength)),
        ),
      );
  }
}

/** Inside RSASSA-PSS-params and DigestInfo a hash carries NULL (RFC 4055 §2.1, RFC 8017 §9.2). */
function hashWithNull(digest: DigestName): Uint8Array {
  return sequence(objectIdentifier(digestByName(digest).oid), nullValue());
}

/** DigestAlgorithmIdentifier: parameters absent (Doc 9303-10 §4.6.2.2 and Doc 9303-12 Table 18, RFC 5754 §2). */
export function encodeDigestAlgorithm(digest: DigestName): Uint8Array {
  return sequence(objectIdentifier(digestByName(digest).oid));
}

/** DigestInfo, what EMSA-PKCS1-v1_5 pads (RFC 8017 §9.2). */
export function encodeDigestInfo(digest: DigestName, value: Uint8Array): Uint8Array {
  return sequence(hashWithNull(digest), octetString(value));
}
