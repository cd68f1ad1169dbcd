import type { Element } from '../der/reader.ts';
import { tags } from '../der/tags.ts';
import { oids, oidName } from '../oids.ts';
import { type DigestAlgorithm, digestByOid } from './digests.ts';
import type { SignatureAlgorithm } from './signature-algorithms.ts';

/**
 *     AlgorithmIdentifier ::= SEQUENCE {
 *       algorithm   OBJECT IDENTIFIER,
 *       parameters  ANY DEFINED BY algorithm OPTIONAL }
 */
export interface AlgorithmIdentifier {
  readonly oid: string;
  readonly parameters: Element | undefined;
  /** As received. */
  readonly bytes: Uint8Array;
}

export function decodeAlgorithmIdentifier(element: Element): AlgorithmIdentifier {
  const fields = element.fields();
  const oid = fields.next('algorithm').objectIdentifier();
  const parameters = fields.peek();
  if (parameters !== undefined) fields.next('parameters');
  fields.end();
  return { oid, parameters, bytes: element.bytes };
}

/** An algorithm that this reader cannot verify with. */
export interface UnsupportedAlgorithm {
  readonly kind: 'unsupported';
  readonly oid: string;
  readonly reason: string;
}

/** A signature algorithm as found in foreign input. */
export type FoundSignatureAlgorithm = SignatureAlgorithm | UnsupportedAlgorithm;

/**
 * DigestAlgorithmIdentifier. Absent and NULL parameters are both read, as Doc 9303-10 Table 37 asks of readers;
 * NULL is remarked upon, because issuers must leave it out.
 *
 * @returns undefined for a digest algorithm outside Doc 9303-12 §4.1.6.4 (SHA-1 included for old documents)
 */
export function decodeDigestAlgorithm(element: Element): DigestAlgorithm | undefined {
  const { oid, parameters } = decodeAlgorithmIdentifier(element);
  requireNoneOrNull(element, parameters);
  if (parameters?.tag === tags.null) {
    element.tolerances.remark({
      code: 'DIGEST_NULL_PARAMETERS',
      severity: 'info',
      detail: `${element.field}: has NULL parameters`,
      source: 'Doc 9303-10 §4.6.2.2 Table 37',
      offset: element.offset,
    });
  }
  return digestByOid(oid);
}

function requireNoneOrNull(element: Element, parameters: Element | undefined): void {
  if (parameters === undefined || parameters.tag === tags.null) return;
  element.tolerate('ALG_PARAMETERS', 'has parameters other than NULL', 'RFC 5754 §2');
}

const ecdsaDigests = new Map<string, string>([
  [oids.ecdsaWithSha1, 'SHA-1'],
  [oids.ecdsaWithSha224, 'SHA-224'],
  [oids.ecdsaWithSha256, 'SHA-256'],
  [oids.ecdsaWithSha384, 'SHA-384'],
  [oids.ecdsaWithSha512, 'SHA-512'],
]);

const pkcs1Digests = new Map<string, string>([
  [oids.sha1WithRsaEncryption, 'SHA-1'],
  [oids.sha224WithRsaEncryption, 'SHA-224'],
  [oids.sha256WithRsaEncryption, 'SHA-256'],
  [oids.sha384WithRsaEncryption, 'SHA-384'],
  [oids.sha512WithRsaEncryption, 'SHA-512'],
]);

/**
 * AlgorithmIdentifier of a signature with its parameters.
 *
 * @param digestAlgorithm of the SignerInfo, for CMS whose signatureAlgorithm names the key type only
 *   (rsaEncryption, legal by RFC 3370 §3.2, or id-ecPublicKey)
 * @throws MalformedInput when the parameters are not what the algorithm has
 * @see RFC 4055 §3, §5; RFC 5758 §3.2
 */
export function decodeSignatureAlgorithm(
  element: Element,
  digestAlgorithm?: DigestAlgorithm,
): FoundSignatureAlgorithm {
  const identifier = decodeAlgorithmIdentifier(element);
  const ecdsaDigest = ecdsaDigests.get(identifier.oid);
  if (ecdsaDigest !== undefined) {
    remarkEcdsaParameters(element, identifier);
    return { kind: 'ecdsa', digest: ecdsaDigest as DigestAlgorithm['name'] };
  }
  const pkcs1Digest = pkcs1Digests.get(identifier.oid);
  if (pkcs1Digest !== undefined) {
    remarkMissingNull(element, identifier);
    return { kind: 'rsassa-pkcs1-v1_5', digest: pkcs1Digest as DigestAlgorithm['name'] };
  }
  if (identifier.oid === oids.rsassaPss) return decodePssAlgorithm(element, identifier);
  return keyTypeOnly(element, identifier, digestAlgorithm);
}

function remarkEcdsaParameters(element: Element, { parameters }: AlgorithmIdentifier): void {
  if (parameters === undefined) return;
  element.tolerate('ALG_PARAMETERS', 'has parameters where ECDSA has none', 'RFC 5758 §3.2');
}

function remarkMissingNull(element: Element, { parameters }: AlgorithmIdentifier): void {
  if (parameters?.tag === tags.null) return;
  element.tolerate('ALG_PARAMETERS', 'does not have the parameters NULL', 'RFC 4055 §5');
}

function keyTypeOnly(
  element: Element,
  { oid }: AlgorithmIdentifier,
  digestAlgorithm: DigestAlgorithm | undefined,
): FoundSignatureAlgorithm {
  const kind =
    oid === oids.rsaEncryption ? 'rsassa-pkcs1-v1_5' : oid === oids.idEcPublicKey ? 'ecdsa' : undefined;
  if (kind === undefined || digestAlgorithm === undefined) {
    return { kind: 'unsupported', oid, reason: `signature algorithm ${oidName(oid) ?? oid}` };
  }
  element.tolerate(
    'ALG_KEY_TYPE_ONLY',
    `names only the key type, so that the digest is that of digestAlgorithm, ${digestAlgorithm.name}`,
    'RFC 3370 §3.2',
    'info',
  );
  return { kind, digest: digestAlgorithm.name };
}

/** The parameters of RSASSA-PSS; every field has a default (RFC 4055 §3.1). */
export interface PssParameters {
  readonly digest: DigestAlgorithm;
  readonly mgfDigest: DigestAlgorithm;
  /** Octets. */
  readonly saltLength: number;
}

function decodePssAlgorithm(element: Element, identifier: AlgorithmIdentifier): FoundSignatureAlgorithm {
  const { oid, parameters } = identifier;
  if (parameters === undefined || parameters.tag === tags.null) {
    element.tolerate('PSS_PARAMETERS', 'has no parameters, so that the defaults hold', 'RFC 4055 §3.3');
    return { kind: 'rsassa-pss', digest: 'SHA-1', mgfDigest: 'SHA-1', saltLength: 20 };
  }
  const pss = decodePssParameters(parameters);
  if (pss === undefined)
    return { kind: 'unsupported', oid, reason: 'RSASSA-PSS with unknown digest or mask' };
  return {
    kind: 'rsassa-pss',
    digest: pss.digest.name,
    mgfDigest: pss.mgfDigest.name,
    saltLength: pss.saltLength,
  };
}

/**
 *     RSASSA-PSS-params ::= SEQUENCE {
 *       hashAlgorithm     [0] HashAlgorithm DEFAULT sha1,
 *       maskGenAlgorithm  [1] MaskGenAlgorithm DEFAULT mgf1SHA1,
 *       saltLength        [2] INTEGER DEFAULT 20,
 *       trailerField      [3] INTEGER DEFAULT 1 }
 *
 * @returns undefined for a digest or mask generation that this reader does not have
 * @throws MalformedInput also on a trailer field other than 1 and a salt beyond 512 octets
 */
export function decodePssParameters(parameters: Element): PssParameters | undefined {
  const fields = parameters.fields();
  const hash = fields.optional(0xa0, 'hashAlgorithm');
  const mask = fields.optional(0xa1, 'maskGenAlgorithm');
  const salt = fields.optional(0xa2, 'saltLength')?.only('saltLength').smallInteger() ?? 20;
  const trailer = fields.optional(0xa3, 'trailerField')?.only('trailerField').smallInteger() ?? 1;
  fields.end();
  if (trailer !== 1) throw parameters.fault(`has the trailerField ${trailer}`, 'RFC 4055 §3.1');
  if (salt < 0 || salt > 512) throw parameters.fault(`has a salt of ${salt} octets`, 'RFC 8017 §9.1.1');
  const sha1 = digestByOid('1.3.14.3.2.26');
  const digest = hash === undefined ? sha1 : pssDigest(hash.only('hashAlgorithm'));
  const mgfDigest = mask === undefined ? sha1 : mgf1Digest(mask.only('maskGenAlgorithm'));
  if (digest === undefined || mgfDigest === undefined) return undefined;
  return { digest, mgfDigest, saltLength: salt };
}

function mgf1Digest(element: Element): DigestAlgorithm | undefined {
  const { oid, parameters } = decodeAlgorithmIdentifier(element);
  if (oid !== oids.mgf1 || parameters === undefined) return undefined;
  return pssDigest(parameters);
}

/** Inside PSS parameters NULL is usual and absence allowed (RFC 4055 §2.1), so neither is worth a note. */
function pssDigest(element: Element): DigestAlgorithm | undefined {
  const { oid, parameters } = decodeAlgorithmIdentifier(element);
  requireNoneOrNull(element, parameters);
  return digestByOid(oid);
}
