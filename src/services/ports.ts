import type { PublicKeyValue } from '../formats/algorithms/encode-subject-public-key-info.ts';
import type { DigestName } from '../formats/algorithms/digests.ts';
import type {
  SignatureAlgorithm,
  TokenAlgorithm,
  TokenKeyType,
} from '../formats/algorithms/signature-algorithms.ts';
import type { CrlFrame } from '../formats/x509/encode-crl.ts';
import type { Policies } from '../rules/profile/policies.ts';
import type { PolicySource } from '../rules/profile/policy-file.ts';
import type { LdsVersion } from '../rules/sod/sod-rules.ts';
import type { ServiceError } from './errors.ts';

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
export const keyRoles = [
  'csca',
  'document-signer',
  'master-list-signer',
  'deviation-list-signer',
  'lds2-signer',
  'vds-signer',
  'vds-nc-signer',
  'dtc-signer',
  'access-ca',
  /** Signs the bundles between the online instance and its CSCA, and nothing else. */
  'exchange',
  /** Signs the checkpoints of the log, and nothing else. */
  'log',
  /** Signs random octets, to show that its token signs. */
  'health',
] as const;
export type KeyRole = (typeof keyRoles)[number];

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
 * Every method throws Unavailable when the token does not do it: `unknown` where the token may have made a
 * signature that nobody got, otherwise `not-applied`.
 */
export interface Token {
  /**
   * Makes a key pair that never leaves the token, reads the public key back and proves it by a signature.
   * Where the token has this `keyId` already, because an earlier call was cut short, that key is returned.
   */
  generateKeyPair(keyId: string, role: KeyRole, label: string, type: TokenKeyType): Promise<TokenKey>;
  /** @throws Refused `not-found` when the token has no such key, or it is not of `role` */
  findKey(keyId: string, role: KeyRole): Promise<TokenKey>;
  /** Destroys both halves of a key pair. One that is not there is taken for destroyed already. */
  destroyKey(keyId: string, role: KeyRole): Promise<void>;
  /** @returns the signature as X.509 and CMS carry it (ECDSA as DER) */
  sign(keyId: string, role: KeyRole, algorithm: TokenAlgorithm, data: Uint8Array): Promise<Uint8Array>;
  /** The same over data that is too much to be held, by its digest, which is the algorithm's own. */
  signDigest(
    keyId: string,
    role: KeyRole,
    algorithm: SignatureAlgorithm,
    digest: Uint8Array,
  ): Promise<Uint8Array>;
  status(): Promise<TokenStatus>;
  /**
   * Has the token sign random octets with its health key, which is made where it is missing.
   *
   * @returns false where the token lets no such key be made
   */
  proveHealth(): Promise<boolean>;
  /** Has the token sign with its health key, which is made where it is missing, and lists its keys. */
  probe(): Promise<TokenHealth>;
}

export interface TokenStatus {
  readonly label: string;
  readonly serialNumber: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly keys: number;
}

export interface TokenHealth extends TokenStatus {
  /** CKA_IDs of the private keys on it, hexadecimal. */
  readonly keyIds: readonly string[];
  /** Whether a signature with the health key was verified; false where the token lets no such key be made. */
  readonly isProved: boolean;
}

/** A key pair to be made. `keyId` is on record before, so that a crash leaves no key that nobody knows. */
export interface KeyOrder {
  /** CKA_ID, 32 hexadecimal digits. */
  readonly keyId: string;
  readonly role: KeyRole;
  readonly label: string;
  readonly keyAlgorithm: string;
  /** Signatures that the key may ever make; undefined for no limit. */
  readonly usageLimit?: number | undefined;
}

/** What is asked of a new certificate; everything else comes from its profile. */
export interface CertificateOrder {
  readonly profile: string;
  /** Values for the placeholders of the profile's subject, besides those of the instance. */
  readonly subject: { readonly sequence?: string; readonly name?: string; readonly role?: string };
  /**
   * A key on the token, a public key whose holder has proved possession (access certificates only), a PKCS#10
   * request (DER) of a holder outside, or a key in the request bundle of the instance that we are the CSCA of, which
   * stands there with its proof.
   */
  readonly subjectKey:
    | { readonly keyId: string }
    | { readonly publicKey: PublicKeyValue }
    | { readonly csr: Uint8Array }
    | { readonly requested: RequestedKeyReference };
  /** Name of the key algorithm that the subject's key is for. */
  readonly keyAlgorithm: string;
  /** Absent for a self-signed certificate. */
  readonly issuer?: IssuerReference | undefined;
  /** The new self-signed CSCA certificate that a link certificate introduces, DER. */
  readonly successor?: Uint8Array | undefined;
  /** Digest of the policies that the order was decided under; a signer with others refuses it. */
  readonly policyDigest: string;
  readonly serialNumber: bigint;
  readonly notBefore: Date;
  /** When the private key's usage period begins, if later than `notBefore`: published first, used then. */
  readonly usageFrom?: Date | undefined;
  /** dNSName or IP address entries of a TLS server. */
  readonly hosts?: readonly string[] | undefined;
}

/** A key in a request bundle; the signer reads bundle, signature and proof itself. */
export interface RequestedKeyReference {
  /** The bundle's file. */
  readonly bundle: Uint8Array;
  /** CKA_ID on the requesting instance's token. */
  readonly requestKeyId: string;
}

/** A bundle to be signed with the exchange key. The signer re-reads the content and vouches for what it says. */
export interface BundleOrder {
  /** The exchange key. */
  readonly keyId: string;
  readonly kind: 'request' | 'response';
  /** Canonical JSON (docs/formats/exchange-bundle.md). */
  readonly content: Uint8Array;
  /** For a response: the key of a CSCA certificate in it. */
  readonly cscaKeyId?: string | undefined;
}

export interface IssuerReference {
  readonly keyId: string;
  /** Its certificate, DER. */
  readonly certificate: Uint8Array;
  readonly keyAlgorithm: string;
}

/** Entries of revokedCertificates, DER, one after the other, in ascending order. */
export interface EntryPieces {
  /** Length of all. */
  readonly octets: number;
  /** All, in pieces of whole entries; from the start each time. */
  readonly pieces: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export interface CrlOrder {
  readonly issuer: IssuerReference;
  readonly crlNumber: bigint;
  readonly thisUpdate: Date;
  /** The signer reads each entry and keeps none: a state's CRL grows to megabytes of them. */
  readonly revokedCertificates: EntryPieces;
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
 * A tree head to be signed as checkpoint. The signer writes origin and text itself, and signs only what continues
 * the checkpoint before, whose signature it checks with its own key.
 */
export interface CheckpointOrder {
  /** The log key. */
  readonly keyId: string;
  readonly keyAlgorithm: string;
  /** The log key before it, which signs too until it is retired. */
  readonly older?: { readonly keyId: string; readonly keyAlgorithm: string } | undefined;
  /** Leaves of the tree. */
  readonly size: number;
  readonly root: Uint8Array;
  /** The note that was signed last; undefined for the first one of a log. */
  readonly previous: Uint8Array | undefined;
  /** Consistency proof from the tree of `previous` (RFC 6962 §2.1.2). */
  readonly consistency: readonly Uint8Array[];
}

/**
 * The signer: takes typed jobs, never bytes to sign. It checks each job against policy and its own keys,
 * builds the to-be-signed bytes itself and signs.
 *
 * Throws Refused or MalformedInput when the job is not allowed, Unavailable with outcome `not-applied` when
 * no token could be reached, and with outcome `unknown` when the process that held the job was lost.
 */
export interface Signer {
  generateKeyPair(order: KeyOrder): Promise<TokenKey>;
  /** The public key of a key on the token; nothing is signed. @throws Refused `not-found` */
  findKey(key: { readonly keyId: string; readonly role: KeyRole }): Promise<TokenKey>;
  destroyKey(key: { readonly keyId: string; readonly role: KeyRole }): Promise<void>;
  signCertificate(order: CertificateOrder): Promise<Uint8Array>;
  /** @returns the CRL but for the entries, which whoever ordered it has: there may be megabytes of them */
  signCrl(order: CrlOrder): Promise<CrlFrame>;
  /** @param lane of whom it is: jobs of one lane wait for each other, lanes take turns */
  signSod(order: SodOrder, lane?: string): Promise<Uint8Array>;
  signMasterList(order: MasterListOrder): Promise<Uint8Array>;
  signBundle(order: BundleOrder): Promise<Uint8Array>;
  /** @returns the checkpoint, a signed note */
  signCheckpoint(order: CheckpointOrder): Promise<Uint8Array>;
  status(): Promise<TokenStatus>;
  /** Why no token can be reached, as far as is known; undefined while a job may well be answered. */
  readonly failure: ServiceError | undefined;
  /** Whether a token that works has the key, as far as is known. */
  holds(keyId: string): boolean;
  /** How long a job of a lane would wait for a signer now, at the present rate. */
  waitingMs(lane?: string): number;
}

/** A SOD that is on record as to be signed; durable before a token is touched. */
export interface SodIntent {
  readonly requestId: string;
  /** SHA-256 over everything that the station sent, hexadecimal. */
  readonly contentDigest: string;
  readonly keyId: string;
  readonly documentType: string;
  readonly digestAlgorithm: DigestName;
  readonly lds: LdsVersion;
  readonly dataGroupHashes: ReadonlyMap<number, Uint8Array>;
  readonly signingTime: Date;
}

export interface RecordedSod {
  readonly requestId: string;
  readonly contentDigest: string;
  readonly efSod: Uint8Array;
  /** SHA-256 of the Document Signer certificate, hexadecimal. */
  readonly documentSigner: string;
  /** Index of the SOD's leaf in the log. */
  readonly logLeaf: number;
}

export type SodClaim =
  /** The request is new: its intent is durable and one use of the key is counted. */
  | { readonly kind: 'claimed' }
  /** The intent of an earlier attempt is still open. */
  | { readonly kind: 'open'; readonly intent: SodIntent }
  | { readonly kind: 'recorded'; readonly sod: RecordedSod };

/**
 * Records of SODs. What a method has returned for is durable; what it throws Unavailable `not-applied` for
 * has not happened. The caller decides on repeats: nothing is retried in here.
 */
export interface SodRecords {
  /**
   * Takes the request id, once and for ever, or returns who has it.
   *
   * @throws Refused `key-not-active` with rule `key-usage-limit` when the key may not be used once more
   */
  claim(intent: SodIntent): Promise<SodClaim>;
  /** Counts one more use of the key of an open intent, before it is signed again. @throws Refused as `claim` */
  countUse(intent: SodIntent): Promise<void>;
  /** Puts the SOD and its log leaf on record and ends the intent, in one transaction. */
  record(intent: SodIntent, efSod: Uint8Array, documentSigner: string): Promise<RecordedSod>;
  /** Ends an intent that can never be signed, with the reason, and frees its request id. */
  abandon(intent: SodIntent, reason: string): Promise<void>;
  find(requestId: string): Promise<RecordedSod | undefined>;
  openIntents(): Promise<readonly SodIntent[]>;
}

export interface KeyRecord extends KeyOrder {
  readonly createdAt: Date;
  /** Signatures on record as claimed; never less than were made. */
  readonly uses: number;
  readonly retired: KeyEnd | undefined;
  readonly destroyed: KeyEnd | undefined;
}

/** When and why a key came to an end. */
export interface KeyEnd {
  readonly at: Date;
  readonly reason: string;
}

/** An announced change of the CSCA key (Doc 9303-12 §4.1.4.3). */
export interface Rollover {
  readonly announcedAt: Date;
  /** The receiving States have been told that it comes no sooner. */
  readonly notBefore: Date;
  readonly executedAt: Date | undefined;
}

export interface Revocation {
  readonly serialNumber: bigint;
  readonly revocationDate: Date;
  /** Kept in the records only: a CRL of Doc 9303 has no reasons. */
  readonly reason: string;
}

/** Which revocations are meant. */
export interface RevocationFilter {
  /** Of certificates of these profiles. */
  readonly profiles: readonly string[];
  /** Only those that no CRL of ours lists yet. */
  readonly isUnlisted: boolean;
}

export interface CertificateRecord {
  /** SHA-256 of the certificate, hexadecimal. */
  readonly sha256: string;
  readonly serialNumber: bigint;
  readonly profile: string;
  /** CKA_ID of the subject's key where it lives on the token. */
  readonly keyId: string | undefined;
  readonly issuedAt: Date;
  /** Digest of the policies that it was issued under. */
  readonly policyDigest: string;
  readonly der: Uint8Array;
}

export interface CrlRecord {
  readonly crlNumber: bigint;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly der: Uint8Array;
}

export interface MasterListRecord {
  readonly version: number;
  readonly signedAt: Date;
  readonly der: Uint8Array;
}

/** A finding on something issued that policy has set aside. */
export interface WaivedRecord {
  readonly about: 'certificate' | 'crl';
  /** Serial number or CRL number. */
  readonly number: bigint;
  /** Id of the rule. */
  readonly rule: string;
  readonly detail: string;
  readonly reason: string;
  /** The last instant at which the waiver counts. */
  readonly until: Date;
  /** Digest of the policies that waive it. */
  readonly policyDigest: string;
  readonly at: Date;
}

/** Policies as they were when something was first done under them. */
export interface PolicySetRecord {
  readonly digest: string;
  readonly files: readonly PolicySource[];
  readonly firstUsedAt: Date;
}

/** An act of issuance that is on record as begun. `content` is what is needed to complete it. */
export type IssuanceIntent =
  | { readonly kind: 'key'; readonly order: KeyOrder }
  | { readonly kind: 'certificate'; readonly order: CertificateOrder }
  | {
      readonly kind: 'crl';
      readonly keyId: string;
      readonly crlNumber: bigint;
      readonly thisUpdate: Date;
    }
  | {
      readonly kind: 'master-list';
      readonly keyId: string;
      readonly version: number;
      readonly signingTime: Date;
    };

/** A leaf of the log as it is on record. */
export interface LeafRecord {
  readonly leafIndex: number;
  readonly leafHash: Uint8Array;
  /** What is hashed (docs/formats/log-leaf.md). */
  readonly event: string;
}

/** Everything on record, to be read again by who checks it; in order, and never all at once. */
export interface ArchiveRecords {
  crls(): Iterable<CrlRecord>;
  masterLists(): Iterable<MasterListRecord>;
  /** @param from the first leaf */
  sods(from?: number): Iterable<RecordedSod>;
  leaves(): Iterable<LeafRecord>;
  /** Bundles of the exchange with the other machine. */
  bundles(): Iterable<Uint8Array>;
  /** In the order of recording. */
  waivedFindings(): readonly WaivedRecord[];
  /** By first use. */
  policySets(): readonly PolicySetRecord[];
}

/** Records of keys, certificates, CRLs and lists; the same promises as SodRecords. */
export interface IssuanceRecords {
  /** Puts the text of policies on record that have not been in use before. */
  recordPolicies(policies: Pick<Policies, 'digest' | 'sources'>): Promise<void>;
  /** Puts an intent on record and counts one use of the key that will sign. CRL numbers and list versions must be the next ones. @throws Refused `duplicate` */
  begin(intent: IssuanceIntent): Promise<void>;
  openIntents(): Promise<readonly IssuanceIntent[]>;
  /** Counts one more use of the key of an open intent, before it is signed again. */
  countUse(intent: IssuanceIntent): Promise<void>;
  /** Each ends its intent and appends a log leaf in the same transaction. */
  recordKey(order: KeyOrder, createdAt: Date): Promise<void>;
  recordCertificate(record: CertificateRecord, waived?: readonly WaivedRecord[]): Promise<void>;
  /**
   * From now on the revocations of `profiles` up to thisUpdate count as listed.
   *
   * @throws InvariantBroken when they are not as many as `listed`: one has come while the CRL was made
   */
  recordCrl(
    record: CrlRecord,
    entries: { profiles: readonly string[]; listed: number; waived?: readonly WaivedRecord[] },
  ): Promise<void>;
  recordMasterList(record: MasterListRecord): Promise<void>;
  /** Ends an intent without a product. */
  abandon(intent: IssuanceIntent, reason: string): Promise<void>;
  keys(): Promise<readonly KeyRecord[]>;
  /** Another text once a certificate, a revocation, a key or the end of one has come on record. */
  version(): Promise<string>;
  /** In the order of recording; the same array as before while nothing was added. */
  certificates(): Promise<readonly CertificateRecord[]>;
  /** Those of the profiles only, in the order of recording: there may be many others. */
  certificatesOf(profiles: readonly string[]): Promise<readonly CertificateRecord[]>;
  /** The same object as before while there is no newer one. */
  latestCrl(): Promise<CrlRecord | undefined>;
  /** The same object as before while there is no newer one. */
  latestMasterList(): Promise<MasterListRecord | undefined>;
  findRevocation(serialNumber: bigint): Promise<Revocation | undefined>;
  /** Whether a certificate has it, or one that was begun and never came to be. */
  isSerialNumberTaken(serialNumber: bigint): Promise<boolean>;
  /** In pages, in ascending order of their serial numbers; others get their turn in between. */
  revocations(filter: RevocationFilter): AsyncIterable<readonly Revocation[]>;
  /** How many revocations CRLs of ours list. */
  listedRevocations(): Promise<number>;
  /** Puts a revocation on record, with its log leaf. @throws Refused `duplicate`, `not-found` */
  revoke(revocation: Revocation): Promise<void>;
  /** Puts the end of a key on record, with its log leaf; once for each state. */
  endKey(keyId: string, state: 'retired' | 'destroyed', end: KeyEnd): Promise<void>;
  rollovers(): Promise<readonly Rollover[]>;
  announceRollover(rollover: Rollover): Promise<void>;
  executeRollover(announcedAt: Date, executedAt: Date): Promise<void>;
}
