import type { DigestName } from '../../formats/algorithms/digests.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import { type LdsVersion, sodViolation } from '../../rules/sod/sod-rules.ts';
import { InvariantBroken, Refused, Unavailable } from '../errors.ts';
import { wholeSecond } from '../issuance/issuance-deps.ts';
import type { Clock, RecordedSod, Signer, SodIntent, SodRecords } from '../ports.ts';
import type { DocumentSignerEntry, DocumentSigners } from './document-signers.ts';
import { isInUse } from './document-signers.ts';

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
  /** Requests worked on at a time; one more is turned away. */
  readonly maxInFlight: number;
}

export interface SignedSod {
  readonly sod: RecordedSod;
  /** Whether an earlier request with this id made it. */
  readonly isRepeat: boolean;
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
  readonly #inFlight = new Map<string, { contentDigest: string; outcome: Promise<RecordedSod> }>();
  #broken: InvariantBroken | undefined;

  constructor(deps: SodDeps) {
    this.#deps = deps;
  }

  /** An invariant that did not hold; nothing is signed any more until the service is started again. */
  get broken(): InvariantBroken | undefined {
    return this.#broken;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /**
   * @throws Refused `policy`, `key-not-active`, `duplicate`; Unavailable (`outcome: unknown`: ask again with
   * the same request id); InvariantBroken
   */
  async sign(request: SodRequest): Promise<SignedSod> {
    const other = this.#inFlight.get(request.requestId);
    if (other !== undefined) {
      assertSameContent(request, other.contentDigest);
      return { sod: await this.#withinDeadline(other.outcome), isRepeat: true };
    }
    const recorded = await this.#deps.records.find(request.requestId);
    if (recorded !== undefined) return repeat(request, recorded);
    this.#assertAllowed(request);
    return this.#signNew(request);
  }

  async find(requestId: string): Promise<RecordedSod | undefined> {
    return this.#deps.records.find(requestId);
  }

  /**
   * Completes what a crash or a lost signer left open.
   *
   * @returns how many SODs were completed
   */
  async completeOpenIntents(): Promise<number> {
    let completed = 0;
    for (const intent of await this.#deps.records.openIntents()) {
      if (this.#inFlight.has(intent.requestId)) continue;
      if (await this.#abandonIfOver(intent)) continue;
      await this.#start(intent, () => this.#completeAgain(intent));
      completed += 1;
    }
    return completed;
  }

  #assertAllowed(request: SodRequest): void {
    if (this.#broken !== undefined) throw this.#broken;
    const { policies, documentSigners } = this.#deps;
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
    if (this.#inFlight.size >= this.#deps.maxInFlight) {
      throw new Unavailable('signer', `${this.#inFlight.size} requests are being worked on`, {
        outcome: 'not-applied',
        mend: 'wait for Retry-After and send the request again',
      });
    }
  }

  async #signNew(request: SodRequest): Promise<SignedSod> {
    const signer = this.#activeSigner(request.documentType);
    const { contentDigest: _, ...content } = request;
    const intent: SodIntent = {
      ...content,
      contentDigest: request.contentDigest,
      keyId: signer.keyId,
      signingTime: wholeSecond(this.#deps.clock.now()),
    };
    const outcome = this.#start(intent, () => this.#claimAndComplete(request, intent));
    return { sod: await this.#withinDeadline(outcome), isRepeat: false };
  }

  async #claimAndComplete(request: SodRequest, intent: SodIntent): Promise<RecordedSod> {
    const claim = await this.#deps.records.claim(intent);
    switch (claim.kind) {
      case 'claimed':
        return this.#complete(intent);
      case 'recorded':
        return repeat(request, claim.sod).sod;
      case 'open':
        assertSameContent(request, claim.intent.contentDigest);
        if (await this.#abandonIfOver(claim.intent)) return this.#claimAndComplete(request, intent);
        return this.#completeAgain(claim.intent);
    }
  }

  #activeSigner(documentType: string): DocumentSignerEntry {
    const signer = this.#deps.documentSigners.active(documentType, this.#deps.clock.now());
    if (signer !== undefined) return signer;
    throw new Refused('key-not-active', `no Document Signer for ${documentType} is in its usage period`, {
      rule: 'S-PKUP',
      source: 'Doc 9303-12 §4.1.1',
      mend: 'make the next Document Signer (sigillo rotate)',
    });
  }

  #start(intent: SodIntent, work: () => Promise<RecordedSod>): Promise<RecordedSod> {
    const outcome = work().finally(() => this.#inFlight.delete(intent.requestId));
    this.#inFlight.set(intent.requestId, { contentDigest: intent.contentDigest, outcome });
    outcome.catch((error: unknown) => {
      if (error instanceof InvariantBroken) this.#broken = error;
    });
    return outcome;
  }

  /** Signs an intent whose first signature, if there was one, was lost before it was recorded. */
  async #completeAgain(intent: SodIntent): Promise<RecordedSod> {
    await this.#deps.records.countUse(intent);
    return this.#complete(intent);
  }

  /** sign → independent check → durable record; tried again when the signer that held the job is lost. */
  async #complete(intent: SodIntent): Promise<RecordedSod> {
    const signer = this.#deps.documentSigners.withKey(intent.keyId);
    if (signer === undefined) throw new InvariantBroken(`no Document Signer has the key ${intent.keyId}`);
    for (let attempt = 1; ; attempt += 1) {
      try {
        const efSod = await this.#deps.signer.signSod(orderOf(intent, signer));
        await this.#deps.check(efSod, intent, signer);
        return await this.#deps.records.record(intent, efSod, signer.certificate.fingerprint);
      } catch (error) {
        if (error instanceof Refused) await this.#deps.records.abandon(intent, error.message);
        const isLost = error instanceof Unavailable && error.outcome === 'unknown';
        if (!isLost || attempt >= maxAttempts) throw error;
        await this.#deps.records.countUse(intent);
      }
    }
  }

  /** An intent whose key's usage period is over can never be signed again as it was meant. */
  async #abandonIfOver(intent: SodIntent): Promise<boolean> {
    const signer = this.#deps.documentSigners.withKey(intent.keyId);
    if (signer !== undefined && isInUse(signer, this.#deps.clock.now())) return false;
    await this.#deps.records.abandon(intent, 'the private key usage period of its Document Signer is over');
    return true;
  }

  async #withinDeadline<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(
          new Unavailable('signer', `no signature within ${this.#deps.deadlineMs} ms`, {
            outcome: 'unknown',
            mend: 'send the same request again: it is completed as soon as a token answers',
          }),
        );
      }, this.#deps.deadlineMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
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
