import type { DigestName } from '../../formats/algorithms/digests.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import { type LdsVersion, sodViolation } from '../../rules/sod/sod-rules.ts';
import { InvariantBroken, Refused, Unavailable } from '../errors.ts';
import { wholeSecond } from '../issuance/issuance-deps.ts';
import { PassingMap } from '../passing-map.ts';
import type { Clock, RecordedSod, Signer, SodClaim, SodIntent, SodRecords } from '../ports.ts';
import type { DocumentSignerEntry, DocumentSigners } from './document-signers.ts';
import { isInUse } from './document-signers.ts';
import { type Lane, ownLane, Places } from './places.ts';

/** A station's request for the EF.SOD of one chip, parsed. */
export interface SodRequest {
  readonly requestId: string;
  /** SHA-256 over everything that the station sent, in canonical form, hexadecimal. */
  readonly contentDigest: string;
  readonly documentType: string;
  readonly digestAlgorithm: DigestName;
  readonly lds: LdsVersion;
  readonly dataGroupHashes: ReadonlyMap<number, Uint8Array>;
}

export interface SodDeps {
  readonly records: SodRecords;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly policies: Policies;
  readonly documentSigners: DocumentSigners;
  /** Passive authentication as a border does it. @throws InvariantBroken */
  readonly check: (efSod: Uint8Array, intent: SodIntent, signer: DocumentSignerEntry) => Promise<void>;
  /** Milliseconds after which a caller gets `unavailable`; the SOD is completed all the same. */
  readonly deadlineMs: number;
  /** The longest that a caller may ask for. */
  readonly longestDeadlineMs: number;
  /** Requests worked on at a time; one more is turned away. */
  readonly maxInFlight: number;
  /** The most of them for one station; its share where absent. */
  readonly maxInFlightPerStation?: number | undefined;
}

/** What is known of who asks for a SOD. */
export interface SodCaller {
  readonly lane?: Lane;
  /** How long the caller waits; as configured where absent. */
  readonly deadlineMs?: number | undefined;
}

export interface SignedSod {
  readonly sod: RecordedSod;
  /** Whether an earlier request with this id made it. */
  readonly isRepeat: boolean;
}

interface InFlight {
  readonly contentDigest: string;
  readonly lane: Lane;
  /** Undefined where the intent was ended without a SOD. */
  readonly outcome: Promise<RecordedSod | undefined>;
}

/** Attempts at one SOD in one go: the first, and again after the signer that held it was lost. */
const maxAttempts = 5;

/**
 * Signs SODs exactly once: the same request id and content give the same bytes for ever, other content under
 * the same id is refused. What is on record as to be signed is completed after any crash.
 */
export class SodService {
  readonly #deps: SodDeps;
  /** Work under way, by request id: a repeat that comes meanwhile waits for the same outcome. */
  readonly #inFlight = new PassingMap<string, InFlight>();
  readonly #places: Places;
  #broken: InvariantBroken | undefined;

  constructor(deps: SodDeps) {
    this.#deps = deps;
    this.#places = new Places(deps.maxInFlight, deps.maxInFlightPerStation);
  }

  /** An invariant that did not hold; nothing is signed any more until the service is started again. */
  get broken(): InvariantBroken | undefined {
    return this.#broken;
  }

  get inFlight(): number {
    return this.#places.taken;
  }

  /** How many more requests would be worked on at once. */
  get freePlaces(): number {
    return this.#places.free;
  }

  /**
   * @throws Refused `policy`, `key-not-active`, `duplicate`, `too-many`; Unavailable (`outcome: unknown`: ask again
   * with the same request id); InvariantBroken
   */
  async sign(request: SodRequest, { deadlineMs, lane = ownLane }: SodCaller = {}): Promise<SignedSod> {
    const forMs = this.boundedDeadlineMs(deadlineMs ?? this.#deps.deadlineMs);
    return this.#sign(request, performance.now() + forMs, lane);
  }

  /** What a caller gets who asks for so many milliseconds. */
  boundedDeadlineMs(deadlineMs: number): number {
    return Math.min(deadlineMs, this.#deps.longestDeadlineMs);
  }

  /** @param deadline on the monotonic clock */
  async #sign(request: SodRequest, deadline: number, lane: Lane): Promise<SignedSod> {
    const recorded = await this.#deps.records.find(request.requestId);
    if (recorded !== undefined) return repeat(request, recorded);
    // Only now: from here until the work is in flight nothing is awaited, so that no one comes in between.
    const other = this.#inFlight.get(request.requestId);
    if (other !== undefined) return this.#signAfter(other, request, deadline, lane);
    this.#assertAllowed(request, deadline, lane);
    return this.#signNew(request, deadline, lane);
  }

  /** Which content has a request id is for the records to say; what is in flight may still fail to claim it. */
  async #signAfter(other: InFlight, request: SodRequest, deadline: number, lane: Lane): Promise<SignedSod> {
    if (request.contentDigest === other.contentDigest) {
      const sod = await this.#until(deadline, lane, other.outcome);
      if (sod !== undefined) return { sod, isRepeat: true };
    } else {
      await this.#until(deadline, lane, Promise.allSettled([other.outcome]));
    }
    return this.#sign(request, deadline, lane);
  }

  async find(requestId: string): Promise<RecordedSod | undefined> {
    return this.#deps.records.find(requestId);
  }

  /**
   * Completes what a crash or a lost signer left open. All of it is taken in hand at once, because an intent
   * that had to wait for others could meanwhile be ended by a repeat of its request, and be signed again.
   *
   * @returns how many SODs were completed
   * @throws the first failure, once every intent has been tried
   */
  async completeOpenIntents(): Promise<number> {
    const open = await this.#deps.records.openIntents();
    if (open.length === 0) return 0;
    const { failure } = this.#deps.signer;
    if (failure !== undefined) throw failure;
    const outcomes = await Promise.allSettled(
      open
        .filter(({ requestId }) => !this.#inFlight.has(requestId))
        .map((intent) => this.#start(intent, ownLane, () => this.#completeOrAbandon(intent))),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value !== undefined).length;
  }

  #assertAllowed(request: SodRequest, deadline: number, lane: Lane): void {
    if (this.#broken !== undefined) throw this.#broken;
    const { policies, documentSigners, signer } = this.#deps;
    const dataGroupNumbers = [...request.dataGroupHashes.keys()];
    const violation = sodViolation({ ...request, dataGroupNumbers }, policies.sod);
    if (violation !== undefined) throw new Refused('policy', violation.detail, violation);
    if (!documentSigners.covers(request.documentType)) {
      throw new Refused('policy', `no Document Signer is for documents of type ${request.documentType}`, {
        rule: 'S-DTL',
        source: 'Doc 9303-12 §7.1.1.6',
        field: 'documentType',
        mend: `use one of ${documentSigners.documentTypes.join(', ')}`,
      });
    }
    const waitingMs = signer.waitingMs(lane.name);
    if (this.#places.free <= 0) {
      throw new Unavailable('signer', `${this.#places.taken} requests are being worked on`, {
        outcome: 'not-applied',
        mend: 'wait for Retry-After and send the request again',
        retryAfterSeconds: waitingMs / 1_000,
      });
    }
    if (this.#places.hasShare(lane)) throw this.#shareTaken(lane, waitingMs);
    // Who could not be answered in time anyway is not let in: nothing is begun, and the queue gets no longer.
    if (performance.now() + waitingMs > deadline) {
      throw new Unavailable('signer', `a signature takes about ${Math.round(waitingMs)} ms now`, {
        outcome: 'not-applied',
        mend: 'wait for Retry-After and send the request again, or allow it more time',
        retryAfterSeconds: waitingMs / 1_000,
      });
    }
    // Without a token nothing is begun: a request that is repeated all night would count a use each time.
    if (signer.failure !== undefined) throw signer.failure;
    const { keyId } = this.#activeSigner(request.documentType);
    if (signer.holds(keyId)) return;
    throw new Unavailable('token', `no token that works has the key ${keyId} of the Document Signer`, {
      outcome: 'not-applied',
      mend: 'connect the token that has it; it is looked for again by itself',
    });
  }

  #shareTaken(lane: Lane, waitingMs: number): Refused {
    const detail = `${this.#places.takenBy(lane)} requests of ${lane.name} are being worked on, which is its share`;
    return new Refused('too-many', detail, {
      rule: 'station-share',
      source: 'RFC 6585 §4',
      mend: 'wait for Retry-After and send the request again; many documents go better as a batch',
      retryAfterSeconds: waitingMs / 1_000,
    });
  }

  async #signNew(request: SodRequest, deadline: number, lane: Lane): Promise<SignedSod> {
    const intent = this.#intentFor(request);
    const outcome = this.#start(intent, lane, () => this.#claimAndComplete(request, intent));
    return { sod: await this.#until(deadline, lane, outcome), isRepeat: false };
  }

  /** @throws Refused `key-not-active` when no Document Signer may sign this now */
  #intentFor(request: SodRequest): SodIntent {
    const signer = this.#activeSigner(request.documentType);
    this.#deps.documentSigners.passTurn(signer);
    const { keyId } = signer;
    return { ...request, keyId, signingTime: wholeSecond(this.#deps.clock.now()) };
  }

  async #claimAndComplete(request: SodRequest, intent: SodIntent): Promise<RecordedSod> {
    const claim = await this.#claim(intent);
    switch (claim.kind) {
      case 'exhausted':
        return this.#claimAndComplete(request, this.#intentFor(request));
      case 'claimed':
        return this.#completeOrMove(request, intent);
      case 'recorded':
        return repeat(request, claim.sod).sod;
      case 'open':
        assertSameContent(request, claim.intent.contentDigest);
        return (
          (await this.#completeOrAbandon(claim.intent)) ?? (await this.#claimAndComplete(request, intent))
        );
    }
  }

  /** When the token with the key is lost meanwhile, another Document Signer takes the document. */
  async #completeOrMove(request: SodRequest, intent: SodIntent): Promise<RecordedSod> {
    try {
      return await this.#complete(intent);
    } catch (error) {
      if (!(error instanceof Unavailable) || !this.#isOutOfReach(intent)) throw error;
      await this.#deps.records.abandon(intent, outOfReach);
      return this.#claimAndComplete(request, this.#intentFor(request));
    }
  }

  /** Whether the key of an intent is on no token that works, while another Document Signer's is. */
  #isOutOfReach({ keyId, documentType }: SodIntent): boolean {
    const { signer, documentSigners, clock } = this.#deps;
    if (signer.holds(keyId)) return false;
    const other = documentSigners.active(documentType, clock.now(), (key) => signer.holds(key));
    return other !== undefined && other.keyId !== keyId && signer.holds(other.keyId);
  }

  /** A key at its limit, or whose end is on record, is not chosen any more; the next one takes over in the same request. */
  async #claim(intent: SodIntent): Promise<SodClaim | { readonly kind: 'exhausted' }> {
    try {
      return await this.#deps.records.claim(intent);
    } catch (error) {
      if (!isKeyOver(error)) throw error;
      this.#deps.documentSigners.exhaust(intent.keyId);
      return { kind: 'exhausted' };
    }
  }

  #activeSigner(documentType: string): DocumentSignerEntry {
    const { signer: token, documentSigners, clock } = this.#deps;
    const signer = documentSigners.active(documentType, clock.now(), (keyId) => token.holds(keyId));
    if (signer !== undefined) return signer;
    throw new Refused('key-not-active', documentSigners.reasonForNone(documentType, clock.now()), {
      rule: 'S-PKUP',
      source: 'Doc 9303-12 §4.1.1',
      mend: 'the next Document Signer is made by itself, or by sigillo rotate; then send the request again',
    });
  }

  #start<T extends RecordedSod | undefined>(
    { requestId, contentDigest }: SodIntent,
    lane: Lane,
    work: () => Promise<T>,
  ): Promise<T> {
    const outcome = work().finally(() => {
      this.#inFlight.delete(requestId);
      this.#places.leave(lane);
    });
    this.#inFlight.set(requestId, { contentDigest, lane, outcome });
    this.#places.take(lane);
    outcome.catch((error: unknown) => {
      if (error instanceof InvariantBroken) this.#broken = error;
    });
    return outcome;
  }

  /**
   * Signs an intent whose first signature, if there was one, was lost before it was recorded.
   *
   * @returns undefined when its key may not sign any more, so that it can never be signed as it was meant
   */
  async #completeOrAbandon(intent: SodIntent): Promise<RecordedSod | undefined> {
    const reason = await this.#reasonToAbandon(intent);
    if (reason !== undefined) {
      await this.#deps.records.abandon(intent, reason);
      return undefined;
    }
    return this.#complete(intent);
  }

  /** Counts one more use, unless the key is over; then says why. */
  async #reasonToAbandon(intent: SodIntent): Promise<string | undefined> {
    const signer = this.#deps.documentSigners.withKey(intent.keyId);
    if (signer === undefined || !isInUse(signer, this.#deps.clock.now())) {
      return 'the private key usage period of its Document Signer is over, or it is revoked or retired';
    }
    if (this.#isOutOfReach(intent)) return outOfReach;
    try {
      await this.#deps.records.countUse(intent);
      return undefined;
    } catch (error) {
      if (isKeyOver(error)) return error.message;
      throw error;
    }
  }

  /** sign → independent check → durable record */
  async #complete(intent: SodIntent): Promise<RecordedSod> {
    const signer = this.#deps.documentSigners.withKey(intent.keyId);
    if (signer === undefined) return this.#abandonRevoked(intent);
    const efSod = await this.#signature(intent, signer);
    await this.#check(efSod, intent, signer);
    return this.#deps.records.record(intent, efSod, signer.certificate.fingerprint);
  }

  /** Revoked or retired while the intent became durable. */
  async #abandonRevoked(intent: SodIntent): Promise<never> {
    const reason = 'the Document Signer was revoked or retired before it signed';
    await this.#deps.records.abandon(intent, reason);
    throw new Refused('key-not-active', reason, {
      rule: 'S-REV',
      source: 'Doc 9303-12 §4.1.5',
      mend: 'send the request again: another Document Signer takes it',
    });
  }

  /** A Document Signer that was revoked meanwhile is no broken invariant; what it signed is not released. */
  async #check(efSod: Uint8Array, intent: SodIntent, signer: DocumentSignerEntry): Promise<void> {
    try {
      await this.#deps.check(efSod, intent, signer);
    } catch (error) {
      if (error instanceof Refused) await this.#deps.records.abandon(intent, error.message);
      throw error;
    }
  }

  /** Asks again when the process that held the job is lost, which may have signed: that is another use. */
  async #signature(intent: SodIntent, signer: DocumentSignerEntry): Promise<Uint8Array> {
    const { records } = this.#deps;
    const lane = this.#inFlight.get(intent.requestId)?.lane.name;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#deps.signer.signSod(orderOf(intent, signer), lane);
      } catch (error) {
        if (error instanceof Refused && error.code === 'not-found') throw keyNotOnToken(error);
        const isForbidden = error instanceof Refused || error instanceof MalformedInput;
        if (isForbidden) await records.abandon(intent, error.message);
        const isLost = error instanceof Unavailable && error.outcome === 'unknown';
        if (!isLost || attempt >= maxAttempts || this.#isOutOfReach(intent)) throw error;
        await records.countUse(intent);
      }
    }
  }

  /** @param deadline on the monotonic clock, when the caller leaves; the work goes on */
  async #until<T>(deadline: number, lane: Lane, work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(
          new Unavailable('signer', 'no signature within the time that the request has', {
            outcome: 'unknown',
            mend: 'send the same request again: it is completed as soon as a token answers',
            retryAfterSeconds: this.#deps.signer.waitingMs(lane.name) / 1_000,
            isLate: true,
          }),
        );
      }, deadline - performance.now());
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

const outOfReach = 'its key is on no token that works; another Document Signer takes the document';

function isKeyOver(error: unknown): error is Refused {
  return error instanceof Refused && ['key-usage-limit', 'key-ended'].includes(error.details.rule ?? '');
}

/** The wrong token, or one that was restored: nothing that the request could mend, and it may come back. */
function keyNotOnToken(cause: Refused): Unavailable {
  return new Unavailable('token', cause.message, {
    outcome: 'not-applied',
    mend: cause.details.mend,
    cause,
  });
}

function orderOf(intent: SodIntent, signer: DocumentSignerEntry) {
  const { documentType, digestAlgorithm, lds, dataGroupHashes, signingTime } = intent;
  const { keyId, keyAlgorithm, certificate } = signer;
  const order = { keyId, keyAlgorithm, documentSigner: certificate.bytes };
  return { ...order, documentType, digestAlgorithm, lds, dataGroupHashes, signingTime };
}

function repeat(request: SodRequest, sod: RecordedSod): SignedSod {
  assertSameContent(request, sod.contentDigest);
  return { sod, isRepeat: true };
}

function assertSameContent(request: SodRequest, contentDigest: string): void {
  if (request.contentDigest === contentDigest) return;
  throw new Refused('duplicate', `request ${request.requestId} was sent before with other content`, {
    rule: 'exactly-once',
    field: 'requestId',
    mend: 'give every document a request id of its own; repeat a request only as it was',
  });
}
