import {
  type AlgorithmIdentifier,
  decodeAlgorithmIdentifier,
} from '../../../formats/algorithms/decode-algorithm-identifier.ts';
import { type DigestAlgorithm, digestAlgorithms, digestByOid } from '../../../formats/algorithms/digests.ts';
import type { SubjectPublicKey } from '../../../formats/algorithms/subject-public-key.ts';
import type { Element } from '../../../formats/der/reader.ts';
import { tags } from '../../../formats/der/tags.ts';
import { oidName, oids } from '../../../formats/oids.ts';

/** One check of the AlgorithmIdentifier of a signature. */
export type AlgorithmCheck = (algorithm: Element) => readonly string[];

type Scheme = 'ecdsa' | 'rsassa-pkcs1-v1_5' | 'rsassa-pss' | 'dsa';

interface FixedDigest {
  readonly scheme: Scheme;
  readonly digest: string;
}

/** Signature algorithms whose OID says everything; DSA too, which Doc 9303 allows and nobody uses. */
const fixed = new Map<string, FixedDigest>([
  [oids.sha1WithRsaEncryption, { scheme: 'rsassa-pkcs1-v1_5', digest: 'SHA-1' }],
  [oids.sha224WithRsaEncryption, { scheme: 'rsassa-pkcs1-v1_5', digest: 'SHA-224' }],
  [oids.sha256WithRsaEncryption, { scheme: 'rsassa-pkcs1-v1_5', digest: 'SHA-256' }],
  [oids.sha384WithRsaEncryption, { scheme: 'rsassa-pkcs1-v1_5', digest: 'SHA-384' }],
  [oids.sha512WithRsaEncryption, { scheme: 'rsassa-pkcs1-v1_5', digest: 'SHA-512' }],
  [oids.ecdsaWithSha1, { scheme: 'ecdsa', digest: 'SHA-1' }],
  [oids.ecdsaWithSha224, { scheme: 'ecdsa', digest: 'SHA-224' }],
  [oids.ecdsaWithSha256, { scheme: 'ecdsa', digest: 'SHA-256' }],
  [oids.ecdsaWithSha384, { scheme: 'ecdsa', digest: 'SHA-384' }],
  [oids.ecdsaWithSha512, { scheme: 'ecdsa', digest: 'SHA-512' }],
  ['1.2.840.10040.4.3', { scheme: 'dsa', digest: 'SHA-1' }],
  ['2.16.840.1.101.3.4.3.1', { scheme: 'dsa', digest: 'SHA-224' }],
  ['2.16.840.1.101.3.4.3.2', { scheme: 'dsa', digest: 'SHA-256' }],
]);

export function schemeOf(algorithm: Element): Scheme | undefined {
  const { oid } = decodeAlgorithmIdentifier(algorithm);
  return oid === oids.rsassaPss ? 'rsassa-pss' : fixed.get(oid)?.scheme;
}

/** Digest of the signature; `unknown` for one that Doc 9303 does not know, undefined where none is told. */
export function digestOf(algorithm: Element): DigestAlgorithm | 'unknown' | undefined {
  const identifier = decodeAlgorithmIdentifier(algorithm);
  const name = fixed.get(identifier.oid)?.digest;
  if (name !== undefined) return digestAlgorithms.find((digest) => digest.name === name);
  const pss = pssOf(identifier);
  if (pss === undefined) return undefined;
  return pss.hash === undefined ? digestByOid('1.3.14.3.2.26') : (digestByOid(pss.hash.oid) ?? 'unknown');
}

interface PssParts {
  readonly hash: AlgorithmIdentifier | undefined;
  readonly mask: AlgorithmIdentifier | undefined;
  /** Octets. */
  readonly salt: number | undefined;
  readonly hasTrailer: boolean;
}

/** The parameters of RSASSA-PSS as far as they are written; undefined for another algorithm or without any. */
function pssOf({ oid, parameters }: AlgorithmIdentifier): PssParts | undefined {
  if (oid !== oids.rsassaPss || parameters?.tag !== tags.sequence) return undefined;
  const fields = parameters.fields();
  const hash = fields.optional(0xa0, 'hashAlgorithm')?.only('hashAlgorithm');
  const mask = fields.optional(0xa1, 'maskGenAlgorithm')?.only('maskGenAlgorithm');
  const salt = fields.optional(0xa2, 'saltLength')?.only('saltLength').smallInteger();
  return {
    hash: hash && decodeAlgorithmIdentifier(hash),
    mask: mask && decodeAlgorithmIdentifier(mask),
    salt,
    hasTrailer: fields.peek()?.tag === 0xa3,
  };
}

export const isKnownAlgorithm: AlgorithmCheck = (algorithm) => {
  if (schemeOf(algorithm) !== undefined) return [];
  const { oid } = decodeAlgorithmIdentifier(algorithm);
  return [`the signature algorithm is ${oidName(oid) ?? oid}`];
};

/** SHA-224 to SHA-512. */
export const digestIsAllowed: AlgorithmCheck = (algorithm) => {
  const digest = digestOf(algorithm);
  if (digest === undefined || (digest !== 'unknown' && digest.name !== 'SHA-1')) return [];
  return [`the digest is ${digest === 'unknown' ? 'none of Doc 9303' : digest.name}`];
};

export const digestIsNotSha1: AlgorithmCheck = (algorithm) => {
  const digest = digestOf(algorithm);
  return digest !== 'unknown' && digest?.name === 'SHA-1' ? ['the digest is SHA-1'] : [];
};

export const digestIsNotSha224: AlgorithmCheck = (algorithm) => {
  const digest = digestOf(algorithm);
  return digest !== 'unknown' && digest?.name === 'SHA-224' ? ['the digest is SHA-224'] : [];
};

/** Defaults of the parameters are those of SHA-1; next to another digest they must be written out. */
export const pssIsComplete: AlgorithmCheck = (algorithm) => {
  const identifier = decodeAlgorithmIdentifier(algorithm);
  if (identifier.oid !== oids.rsassaPss) return [];
  const pss = pssOf(identifier);
  if (pss === undefined) return ['RSASSA-PSS has no parameters'];
  if (pss.hash === undefined || digestByOid(pss.hash.oid)?.name === 'SHA-1') return [];
  const missing = [
    ...(pss.mask === undefined ? ['maskGenAlgorithm'] : []),
    ...(pss.salt === undefined ? ['saltLength'] : []),
  ];
  return missing.length === 0 ? [] : [`RSASSA-PSS has no ${missing.join(' and no ')}`];
};

/** MGF1 with the digest of the signature. */
export const pssMaskFits: AlgorithmCheck = (algorithm) => {
  const pss = pssOf(decodeAlgorithmIdentifier(algorithm));
  if (pss?.mask === undefined) return [];
  const { oid, parameters } = pss.mask;
  if (oid !== oids.mgf1) return [`the mask generation function is ${oidName(oid) ?? oid}`];
  const mask = parameters === undefined ? undefined : decodeAlgorithmIdentifier(parameters).oid;
  const hash = pss.hash?.oid ?? '1.3.14.3.2.26';
  if (mask === hash) return [];
  const name = (digest: string): string => digestByOid(digest)?.name ?? digest;
  return [`MGF1 uses ${mask === undefined ? 'no digest' : name(mask)}, the signature ${name(hash)}`];
};

/** A salt as long as the digest. */
export const pssSaltFits: AlgorithmCheck = (algorithm) => {
  const salt = pssOf(decodeAlgorithmIdentifier(algorithm))?.salt;
  const digest = digestOf(algorithm);
  if (salt === undefined || digest === undefined || digest === 'unknown' || salt === digest.octets) return [];
  return [`the salt has ${salt} octets, ${digest.name} has ${digest.octets}`];
};

export const pssTrailerIsLeftOut: AlgorithmCheck = (algorithm) =>
  pssOf(decodeAlgorithmIdentifier(algorithm))?.hasTrailer === true ? ['trailerField is written out'] : [];

export const rsaHasNull: AlgorithmCheck = (algorithm) => {
  const { oid, parameters } = decodeAlgorithmIdentifier(algorithm);
  if (fixed.get(oid)?.scheme !== 'rsassa-pkcs1-v1_5' || parameters?.tag === tags.null) return [];
  return [
    `${oidName(oid) ?? oid} ${parameters === undefined ? 'has no parameters' : 'has other parameters'}`,
  ];
};

export const ecdsaHasNoParameters: AlgorithmCheck = (algorithm) => {
  const { oid, parameters } = decodeAlgorithmIdentifier(algorithm);
  if (fixed.get(oid)?.scheme !== 'ecdsa' || parameters === undefined) return [];
  return [`${oidName(oid) ?? oid} has ${parameters.tag === tags.null ? 'NULL' : 'other'} parameters`];
};

/** Whether a key can sign by the algorithm. */
export function algorithmFitsKey(algorithm: Element, key: SubjectPublicKey): readonly string[] {
  const scheme = schemeOf(algorithm);
  if (scheme === undefined || key.kind === 'unsupported') return [];
  if ((scheme === 'ecdsa') === (key.kind === 'ec') && scheme !== 'dsa') return [];
  return [`the algorithm is ${scheme}, the key of the issuer ${key.kind}`];
}

/** Whether an ECDSA digest is as long as the curve; P-521 goes with SHA-512, the longest there is. */
export function digestFitsCurve(algorithm: Element, key: SubjectPublicKey): readonly string[] {
  const digest = digestOf(algorithm);
  const isEcdsa = schemeOf(algorithm) === 'ecdsa' && key.kind === 'ec';
  if (!isEcdsa || digest === undefined || digest === 'unknown') return [];
  const wanted = Math.min(key.curve.fieldBits, 512);
  return digest.octets * 8 >= wanted ? [] : [`${digest.name} with ${key.curve.name}`];
}
