import { setTimeout as sleep } from 'node:timers/promises';
import type { CrlFrame } from '../../formats/x509/encode-crl.ts';
import { InvariantBroken, Refused, type ServiceError, Unavailable } from '../../services/errors.ts';
import type {
  BundleOrder,
  CertificateOrder,
  CheckpointOrder,
  CrlOrder,
  KeyOrder,
  KeyRole,
  MasterListOrder,
  Signer,
  SodOrder,
  TokenHealth,
  TokenKey,
  TokenStatus,
} from '../../services/ports.ts';
import { type Job, keyIdOf } from './job.ts';
import type { Healing, JobMessage, JobName, SignerJobs } from './protocol.ts';
import { lost } from './signer-process.ts';
import { type SignerPoolEvent, type TokenOptions, TokenSigners } from './token-signers.ts';
import { WaitingJobs } from './waiting-jobs.ts';

export {
  type JobMessage,
  type PieceMessage,
  type SignerMessage,
  type SignerMessages,
  toWire,
} from './protocol.ts';
export type { SignerPoolEvent, TokenOptions } from './token-signers.ts';

export interface SignerPoolOptions {
  /** The tokens with the keys of the instance; each key is on one or more of them. */
  readonly tokens: readonly TokenOptions[];
  /** Milliseconds from acceptance in which a signing job is done, or fails. */
  readonly signTimeoutMs: number;
  /** The same for the making and destroying of a key pair. */
  readonly keyTimeoutMs: number;
  /** Jobs that may wait for a process; one more is turned away. */
  readonly maxWaiting: number;
  readonly onEvent: (event: SignerPoolEvent) => void;
}

/** What is known of a token, for status page and metrics. */
export interface TokenReport {
  readonly name: string;
  readonly isReady: boolean;
  readonly failure: string | undefined;
  readonly signers: number;
  readonly status: TokenStatus | undefined;
  /** The last rung that was climbed inside a process, and how long ago. */
  readonly lastHealing: (Healing & { readonly secondsAgo: number }) | undefined;
}

interface DispatchOptions {
  readonly isLong?: boolean;
  readonly token?: string | undefined;
  readonly lane?: string | undefined;
  readonly pieces?: Job['pieces'];
}

/** Of jobs that nobody in particular asks for. */
const noLane = '';
const sweepMs = 100;
/** A job that processes gave back so often fails: something is wrong with all of them. */
const maxReturns = 5;
/** The rate is that of about so many answers. */
const measuredAnswers = 32;

/**
 * Signer over the child processes of one or more tokens. A job goes to the process with the most room of a token
 * that has its key, and waits while all are full. While none that has it is ready and the last start failed,
 * callers get that failure at once; while one is starting they wait for it, as long as the job has time.
 */
export class SignerPool implements Signer {
  readonly #options: SignerPoolOptions;
  readonly #tokens: readonly TokenSigners[];
  readonly #waiting = new WaitingJobs();
  #nextId = 1;
  #isClosed = false;
  /** Whether a token does the work of one that is preferred. */
  #isMoved = false;
  readonly #sweeper: NodeJS.Timeout;
  /** When the last job was done, on the monotonic clock, and whether others waited then. */
  #doneAt = 0;
  #wasBusy = false;
  #msPerJob = 0;

  constructor(options: SignerPoolOptions) {
    this.#options = options;
    this.#tokens = options.tokens
      .toSorted((a, b) => a.preference - b.preference)
      .map(
        (token) =>
          new TokenSigners(token, {
            onEvent: options.onEvent,
            onChange: () => this.#handOver(),
            onReturned: (job) => this.#takeBack(job),
            probe: () => this.#probe(),
          }),
      );
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs).unref();
  }

  /** On the preferred token that is ready, unless the order names one or a token has begun to make it. */
  async generateKeyPair(order: KeyOrder): Promise<TokenKey> {
    const begun = this.#tokens.find((token) => token.holds(order.keyId) === true);
    const token = begun ?? (await this.#firstThatWorks());
    const key = await this.#dispatch('generateKeyPair', order, { isLong: true, token: token?.options.name });
    token?.learn(order.keyId, true);
    return key;
  }

  /** The most preferred one, as soon as it is known of each whether it works; the first where none does. */
  async #firstThatWorks(): Promise<TokenSigners | undefined> {
    for (;;) {
      const token = this.#tokens.find(({ isReady, failure }) => isReady || failure === undefined);
      if (token === undefined || token.isReady || this.#isClosed) return token ?? this.#tokens[0];
      await sleep(sweepMs);
    }
  }

  findKey({ keyId, role }: { readonly keyId: string; readonly role: KeyRole }): Promise<TokenKey> {
    return this.#dispatch('findKey', { keyId, role });
  }

  /** On every token; as long as one does not answer, the key may still be there. */
  async destroyKey(key: { readonly keyId: string; readonly role: KeyRole }): Promise<void> {
    for (const token of this.#tokens) {
      await this.#dispatch('destroyKey', key, { isLong: true, token: token.options.name });
      token.learn(key.keyId, false);
    }
  }

  signCertificate(order: CertificateOrder): Promise<Uint8Array> {
    return this.#dispatch('signCertificate', order);
  }

  signCrl({ revokedCertificates, ...order }: CrlOrder): Promise<CrlFrame> {
    const { octets, pieces } = revokedCertificates;
    return this.#dispatch('signCrl', { ...order, entryOctets: octets }, { pieces });
  }

  signSod(order: SodOrder, lane?: string): Promise<Uint8Array> {
    return this.#dispatch('signSod', order, { lane });
  }

  signMasterList(order: MasterListOrder): Promise<Uint8Array> {
    return this.#dispatch('signMasterList', order);
  }

  signBundle(order: BundleOrder): Promise<Uint8Array> {
    return this.#dispatch('signBundle', order);
  }

  signCheckpoint(order: CheckpointOrder): Promise<Uint8Array> {
    return this.#dispatch('signCheckpoint', order);
  }

  status(): Promise<TokenStatus> {
    return this.#dispatch('status', undefined);
  }

  /** A signature with the health key, for a measurement. @returns false where the token has none */
  proveHealth(): Promise<boolean> {
    return this.#dispatch('proveHealth', undefined);
  }

  get isReady(): boolean {
    return this.#tokens.some(({ isReady }) => isReady);
  }

  get failure(): ServiceError | undefined {
    return this.isReady ? undefined : this.#tokens.find(({ failure }) => failure !== undefined)?.failure;
  }

  holds(keyId: string): boolean {
    return this.#tokens.some((token) => token.isReady && token.holds(keyId) === true);
  }

  /**
   * As the rate has been, and no less than the first in the lane has waited already; where nobody waits in it, than
   * nothing has been done for.
   */
  waitingMs(lane = noLane): number {
    const { oldest } = this.#waiting;
    if (oldest === undefined) return 0;
    const since = this.#waiting.waitsSince(lane) ?? Math.max(oldest, this.#doneAt);
    return Math.max(this.#waiting.ahead(lane) * this.#msPerJob, performance.now() - since);
  }

  /** Has every token looked at anew: keys that were missing may be there, or another token in its place. */
  lookAgain(): void {
    for (const token of this.#tokens) token.renew();
  }

  /** Jobs that wait for a process. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Process ids of the signers that take jobs. */
  get pids(): readonly number[] {
    return this.#tokens.flatMap(({ pids }) => pids);
  }

  get tokens(): readonly TokenReport[] {
    const now = performance.now();
    return this.#tokens.map(({ options, isReady, failure, pids, status, lastHealing }) => ({
      name: options.name,
      isReady,
      failure: failure?.message,
      signers: pids.length,
      status,
      lastHealing: lastHealing && { ...lastHealing, secondsAgo: Math.round((now - lastHealing.at) / 1_000) },
    }));
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    for (const token of this.#tokens) token.close();
    for (const job of this.#waiting.remove(() => true)) {
      job.reject(lost('the service is stopping', 'not-applied'));
    }
  }

  #dispatch<Name extends JobName>(
    job: Name,
    order: SignerJobs[Name]['order'],
    { isLong = false, token, lane = noLane, pieces }: DispatchOptions = {},
  ): Promise<SignerJobs[Name]['result']> {
    const { signTimeoutMs, keyTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const acceptedAt = performance.now();
      this.#accept({
        message: this.#message(job, order),
        pieces,
        keyId: isLong ? undefined : keyIdOf(order),
        token,
        lane,
        acceptedAt,
        deadline: acceptedAt + (isLong ? keyTimeoutMs : signTimeoutMs),
        isLong,
        returned: 0,
        resolve: (result) => {
          this.#count();
          (resolve as (result: unknown) => void)(result);
        },
        reject,
      });
    });
  }

  #message<Name extends JobName>(job: Name, order: SignerJobs[Name]['order']): JobMessage {
    const message = { id: this.#nextId, job, order } as JobMessage;
    this.#nextId += 1;
    return message;
  }

  #accept(job: Job): void {
    if (this.#waiting.size >= this.#options.maxWaiting) {
      job.reject(
        new Unavailable('signer', `${this.#waiting.size} jobs wait for the token`, {
          outcome: 'not-applied',
          mend: 'wait for Retry-After and send the request again',
          retryAfterSeconds: this.waitingMs(job.lane) / 1_000,
        }),
      );
      return;
    }
    if (!this.#give(job)) this.#waiting.push(job);
  }

  /** @returns false while the job has to wait */
  #give(job: Job): boolean {
    if (this.#isClosed) {
      job.reject(lost('the service is stopping', 'not-applied'));
      return true;
    }
    const candidates = this.#candidates(job);
    const working = candidates.filter(({ isReady }) => isReady);
    for (const token of byPreference(working)) {
      for (let process = token.freest; process !== undefined; process = token.freest) {
        if (!process.give(job)) continue;
        if (candidates.length > 1) this.#noteMove(token, candidates);
        return true;
      }
    }
    // One that is full, or starting, takes it later.
    if (working.length > 0 || candidates.some(({ failure }) => failure === undefined)) return false;
    const failure = candidates[0]?.failure;
    job.reject(failure ?? noToken(job));
    return true;
  }

  /** Says once when jobs go to another token than they should, and when they do no more. */
  #noteMove({ options: { name, preference } }: TokenSigners, candidates: readonly TokenSigners[]): void {
    const isMoved = candidates.some((other) => other.options.preference < preference && !other.isReady);
    if (isMoved === this.#isMoved) return;
    this.#isMoved = isMoved;
    this.#options.onEvent({ kind: isMoved ? 'takes-over' : 'takes-back', token: name });
  }

  /** Tokens that have the key; where none is known to have it, all of those that are not known not to. */
  #candidates({ keyId, token: name }: Job): readonly TokenSigners[] {
    if (name !== undefined) return this.#tokens.filter(({ options }) => options.name === name);
    if (keyId === undefined) return this.#tokens;
    const holders = this.#tokens.filter((token) => token.holds(keyId) === true);
    if (holders.some(({ isReady }) => isReady)) return holders;
    const perhaps = this.#tokens.filter((token) => !token.isReady || token.holds(keyId) !== false);
    // None: the first one says so, and looks again.
    return perhaps.length > 0 ? perhaps : this.#tokens.slice(0, 1);
  }

  /** Gives waiting jobs to processes that have room; those for which there is none keep their order. */
  #handOver(): void {
    const passedOver: Job[] = [];
    // Where all are full, nobody further back has better luck.
    while (this.#waiting.size > 0 && this.#hasRoom()) {
      const job = this.#waiting.shift();
      if (job !== undefined && !this.#give(job)) passedOver.push(job);
    }
    for (const job of passedOver.toReversed()) this.#waiting.putBack(job);
  }

  /** Or says why not: a token that cannot be reached refuses at once. */
  #hasRoom(): boolean {
    return this.#tokens.some((token) => token.freest !== undefined || token.failure !== undefined);
  }

  #takeBack(job: Job): void {
    job.returned += 1;
    if (job.returned > maxReturns) job.reject(lost('every signer process gave the job back', 'not-applied'));
    else if (!this.#give(job)) this.#waiting.putBack(job);
  }

  #sweep(): void {
    const now = performance.now();
    for (const token of this.#tokens) token.sweep(now);
    for (const job of this.#waiting.remove(({ deadline }) => now >= deadline)) {
      job.reject(lost('no signer process had room in time', 'not-applied'));
    }
    this.#handOver();
  }

  #probe(): { job: Job; health: Promise<TokenHealth> } {
    const { promise, resolve, reject } = Promise.withResolvers<TokenHealth>();
    const acceptedAt = performance.now();
    const job: Job = {
      message: this.#message('probe', undefined),
      keyId: undefined,
      token: undefined,
      lane: noLane,
      acceptedAt,
      deadline: Number.POSITIVE_INFINITY,
      isLong: false,
      returned: maxReturns,
      resolve: resolve as (result: unknown) => void,
      reject,
    };
    return { job, health: promise };
  }

  /** While jobs wait, the time from one answer to the next is what each of them waits for. */
  #count(): void {
    const now = performance.now();
    const isBusy = this.#waiting.size > 0;
    if (isBusy && this.#wasBusy) {
      this.#msPerJob += (now - this.#doneAt - this.#msPerJob) / measuredAnswers;
    }
    this.#doneAt = now;
    this.#wasBusy = isBusy;
  }
}

/** Those of the lowest number first; among equals, the one with the freest process. */
function byPreference(tokens: readonly TokenSigners[]): readonly TokenSigners[] {
  if (tokens.length < 2) return tokens;
  return tokens.toSorted(
    (a, b) =>
      a.options.preference - b.options.preference || (a.freest?.held ?? 1e9) - (b.freest?.held ?? 1e9),
  );
}

function noToken({ keyId }: Job): ServiceError {
  return keyId === undefined
    ? new InvariantBroken('the instance has no token')
    : new Refused('not-found', `no token has a key with CKA_ID ${keyId}`, {
        mend: 'check that token.tokenLabel in sigillo.yaml names the token that the key was made on',
      });
}
