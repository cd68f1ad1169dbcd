import type { CertificateRecord, CrlRecord, Rollover, WaivedRecord } from '../ports.ts';

/** A request to the CSCA, as the online instance remembers it. */
export interface SentRequest {
  readonly sequence: number;
  readonly state: 'begun' | 'open' | 'answered' | 'withdrawn';
  /** What is signed, canonical JSON. */
  readonly content: Uint8Array;
  /** The keys that sign it: the exchange key first, then those requested. */
  readonly keyIds: readonly string[];
  /** The file; undefined until it is signed. */
  readonly bundle: Uint8Array | undefined;
}

/** A request under way or answered, as the CSCA remembers it. */
export interface GivenResponse {
  readonly sequence: number;
  readonly requestSequence: number;
  /** The request's file. */
  readonly request: Uint8Array;
  /** What is signed; undefined until everything in it is issued. */
  readonly content: Uint8Array | undefined;
  readonly keyIds: readonly string[];
  /** The file; undefined until it is signed. */
  readonly bundle: Uint8Array | undefined;
}

/** What a response brings, checked. */
export interface Acceptance {
  readonly requestSequence: number;
  readonly responseSequence: number;
  readonly sha256: string;
  readonly certificates: readonly CertificateRecord[];
  readonly crl: CrlRecord;
  /** What the lint found on the certificates and policy set aside. */
  readonly waived: readonly WaivedRecord[];
  /** An announced change of the CSCA key that is not on record yet. */
  readonly rollover: Pick<Rollover, 'announcedAt' | 'notBefore'> | undefined;
  /** The announced change has happened: a new CSCA certificate is among `certificates`. */
  readonly isRolledOver: boolean;
}

/** Records of the exchange between the online instance and its CSCA; the same promises as IssuanceRecords. */
export interface ExchangeRecords {
  /** The random name that this instance got when its records were made. */
  instanceId(): Promise<string>;
  /** When something was last put on record; undefined in an instance that has done nothing. */
  lastActAt(): Promise<Date | undefined>;

  /** Claims the sequence and counts a use of each key. @throws Refused `duplicate` */
  beginRequest(request: Pick<SentRequest, 'sequence' | 'content' | 'keyIds'>): Promise<void>;
  recordRequest(sequence: number, bundle: Uint8Array): Promise<void>;
  withdrawRequest(sequence: number, reason: string): Promise<void>;
  latestRequest(): Promise<SentRequest | undefined>;

  /** Claims the request's sequence and the next one of the responses. @throws Refused `duplicate` */
  beginResponse(response: Pick<GivenResponse, 'sequence' | 'requestSequence' | 'request'>): Promise<void>;
  /** What will be signed is decided, and a use of each key counted. */
  prepareResponse(sequence: number, content: Uint8Array, keyIds: readonly string[]): Promise<void>;
  recordResponse(sequence: number, bundle: Uint8Array): Promise<void>;
  latestResponse(): Promise<GivenResponse | undefined>;
  findResponse(sequence: number): Promise<GivenResponse | undefined>;

  /** Counts one more use of keys that sign a bundle again after a crash. */
  countUses(keyIds: readonly string[]): Promise<void>;

  /**
   * Puts everything that a response brings on record and ends its request, in one transaction.
   *
   * @throws Refused `duplicate` when the request is not open any more, or a number does not rise
   */
  accept(acceptance: Acceptance): Promise<void>;
  /** Number and digest of the response that was accepted last. */
  latestAccepted(): Promise<{ readonly sequence: number; readonly sha256: string } | undefined>;
}
