import type { PublicKeyValue } from '../formats/algorithms/encode-subject-public-key-info.ts';
import type { DigestName } from '../formats/algorithms/digests.ts';
import type { KeyType, SignatureAlgorithm } from '../formats/algorithms/signature-algorithms.ts';
import type { LdsVersion } from '../rules/sod/sod-rules.ts';

/** What the services need from the outside. Adapters and hsm/ implement these. */

/** UTC time. */
export interface Clock {
  now(): Date;
}

/** Cryptographically secure random octets. */
export interface Random {
  octets(count: number): Uint8Array;
}

/** What a key is for; a token key is used for nothing else. */
export type KeyRole = 'csca' | 'document-signer' | 'master-list-signer' | 'access-ca';

/** A key pair as the token holds it. */
export interface TokenKey {
  /** CKA_ID, hexadecimal. */
  readonly keyId: string;
  readonly role: KeyRole;
  readonly label: string;
  readonly publicKey: PublicKeyValue;
}

/**
 * One PKCS#11 token, logged in. Implemented by hsm/, inside a signer process only.
 * Every method throws Unavailable when the token does not do it; after a failed `sign` no signature has
 * left the token.
 */
export interface Token {
  /** Makes a key pair that never leaves the token, reads the public key back and proves it by a signature. */
  generateKeyPair(role: KeyRole, label: string, type: KeyType): TokenKey;
  /** @throws Refused `not-found` when the token has no such key, or it is not of `role` */
  findKey(keyId: string, role: KeyRole): TokenKey;
  /** @returns the signature as X.509 and CMS carry it (ECDSA as DER) */
  sign(keyId: string, role: KeyRole, algorithm: SignatureAlgorithm, data: Uint8Array): Uint8Array;
  status(): TokenStatus;
}

export interface TokenStatus {
  readonly label: string;
  readonly serialNumber: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly keys: number;
}

/** What is asked of a new certificate; everything else comes from its profile. */
export interface CertificateOrder {
  readonly profile: string;
  /** Values for the placeholders of the profile's subject, besides those of the instance. */
  readonly subject: { readonly sequence?: string; readonly name?: string; readonly role?: string };
  /** A key on the token, or a public key whose holder has proved possession (access certificates only). */
  readonly subjectKey:
    | { readonly keyId: string }
    | { readonly publicKey: PublicKeyValue };
  /** Name of the key algorithm that the subject's key is for. */
  readonly keyAlgorithm: string;
  /** Absent for a self-signed certificate. */
  readonly issuer?: IssuerReference | undefined;
  readonly serialNumber: bigint;
  readonly notBefore: Date;
  /** dNSName or IP address entries of a TLS server. */
  readonly hosts?: readonly string[] | undefined;
}

export interface IssuerReference {
  readonly keyId: string;
  /** Its certificate, DER. */
  readonly certificate: Uint8Array;
  readonly keyAlgorithm: string;
}

export interface CrlOrder {
  readonly issuer: IssuerReference;
  readonly crlNumber: bigint;
  readonly thisUpdate: Date;
  readonly revoked: readonly { readonly serialNumber: bigint; readonly revocationDate: Date }[];
}

/** An LDS security object to be signed: everything that goes under the signature. */
export interface SodOrder {
  readonly keyId: string;
  readonly keyAlgorithm: string;
  /** The Document Signer certificate, DER. */
  readonly documentSigner: Uint8Array;
  readonly documentType: string;
  readonly digestAlgorithm: DigestName;
  readonly lds: LdsVersion;
  readonly dataGroupHashes: ReadonlyMap<number, Uint8Array>;
  readonly signingTime: Date;
}

export interface MasterListOrder {
  readonly keyId: string;
  readonly keyAlgorithm: string;
  /** The Master List Signer certificate, DER. */
  readonly signer: Uint8Array;
  /** The CSCA certificate that issued it, DER. */
  readonly csca: Uint8Array;
  /** CSCA and link certificates, octet by octet as accepted. */
  readonly certificates: readonly Uint8Array[];
  readonly signingTime: Date;
}

/**
 * The signer: takes typed jobs, never bytes to sign. It checks each job against policy and its own keys,
 * builds the to-be-signed bytes itself and signs.
 *
 * Throws Refused or MalformedInput when the job is not allowed, Unavailable with outcome `not-applied` when
 * no token could be reached, and with outcome `unknown` when the process that held the job was lost.
 */
export interface Signer {
  generateKeyPair(role: KeyRole, label: string, keyAlgorithm: string): Promise<TokenKey>;
  signCertificate(order: CertificateOrder): Promise<Uint8Array>;
  signCrl(order: CrlOrder): Promise<Uint8Array>;
  signSod(order: SodOrder): Promise<Uint8Array>;
  signMasterList(order: MasterListOrder): Promise<Uint8Array>;
  status(): Promise<TokenStatus>;
}
