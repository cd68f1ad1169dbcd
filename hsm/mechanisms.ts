import { createHash } from 'node:crypto';
import pkcs11 from 'pkcs11js';
import { encodeDigestInfo } from '../src/formats/algorithms/encode-algorithm-identifier.ts';
import { encodeEcdsaSignature } from '../src/formats/algorithms/encode-ecdsa-signature.ts';
import { type DigestName, digestByName } from '../src/formats/algorithms/digests.ts';
import { InvariantBroken } from '../src/services/errors.ts';
import type { SignatureAlgorithm, TokenAlgorithm } from '../src/formats/algorithms/signature-algorithms.ts';

/** A single-part signature, over a digest that is computed outside the token or, with Ed25519, over the data. */
export interface SignOperation {
  readonly mechanism: pkcs11.Mechanism;
  readonly input: Buffer;
}

const pssDigests: Record<DigestName, { hashAlg: number; mgf: number }> = {
  'SHA-1': { hashAlg: pkcs11.CKM_SHA_1, mgf: pkcs11.CKG_MGF1_SHA1 },
  'SHA-224': { hashAlg: pkcs11.CKM_SHA224, mgf: pkcs11.CKG_MGF1_SHA224 },
  'SHA-256': { hashAlg: pkcs11.CKM_SHA256, mgf: pkcs11.CKG_MGF1_SHA256 },
  'SHA-384': { hashAlg: pkcs11.CKM_SHA384, mgf: pkcs11.CKG_MGF1_SHA384 },
  'SHA-512': { hashAlg: pkcs11.CKM_SHA512, mgf: pkcs11.CKG_MGF1_SHA512 },
};

/** CKM_EDDSA (PKCS#11 3.0 §2.3.14), which the binding has no name for; without parameter it is pure Ed25519. */
const eddsa = 0x1057;

/** The mechanism and input that make a signature of `algorithm` over `data`. */
export function signOperation(algorithm: TokenAlgorithm, data: Uint8Array): SignOperation {
  if (algorithm.kind === 'ed25519') return { mechanism: { mechanism: eddsa }, input: Buffer.from(data) };
  return digestOperation(algorithm, createHash(digestByName(algorithm.digest).node).update(data).digest());
}

/** The same over data of which only the digest is there. */
export function digestOperation(algorithm: SignatureAlgorithm, digest: Buffer): SignOperation {
  switch (algorithm.kind) {
    case 'ecdsa':
      return { mechanism: { mechanism: pkcs11.CKM_ECDSA }, input: digest };
    case 'rsassa-pkcs1-v1_5':
      return {
        mechanism: { mechanism: pkcs11.CKM_RSA_PKCS },
        input: Buffer.from(encodeDigestInfo(algorithm.digest, digest)),
      };
    case 'rsassa-pss': {
      const parameter: pkcs11.RsaPSS = {
        type: pkcs11.CK_PARAMS_RSA_PSS,
        hashAlg: pssDigests[algorithm.digest].hashAlg,
        mgf: pssDigests[algorithm.mgfDigest].mgf,
        saltLen: algorithm.saltLength,
      };
      return { mechanism: { mechanism: pkcs11.CKM_RSA_PKCS_PSS, parameter }, input: digest };
    }
  }
}

/**
 * The signature as X.509 and CMS carry it, from what the token returned.
 *
 * @throws InvariantBroken when that cannot be a signature: the fault is the token's, never the caller's
 */
export function encodeSignature(algorithm: TokenAlgorithm, raw: Uint8Array): Uint8Array {
  if (algorithm.kind !== 'ecdsa') return Uint8Array.from(raw);
  try {
    return encodeEcdsaSignature(raw);
  } catch (cause) {
    throw new InvariantBroken(`the token returned ${raw.length} octets as an ECDSA signature`, { cause });
  }
}

/** Room for the longest signature that any of our keys makes: RSA with 8192 bits. */
export const longestSignature = 1024;
