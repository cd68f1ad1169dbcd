import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { isServiceError, type ServiceError } from '../../services/errors.ts';
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
  TokenKey,
  TokenStatus,
} from '../../services/ports.ts';
import type { JobMessage, JobName, SignerJobs } from './protocol.ts';
import { type Job, lost, SignerProcess } from './signer-process.ts';

export { type JobMessage, type SignerMessage, type SignerMessages, toWire } from './protocol.ts';

export interface SignerPoolOptions {
  /** Starts one signer process with an IPC channel of advanced serialisation. */
  readonly spawn: () => ChildProcess;
  /** Processes side by side: a local module signs one thing at a time in each. */
  readonly processes: number;
  /** Milliseconds after which a process that has not logged in is taken for hung. */
  readonly startTimeoutMs: number;
  /** Milliseconds after which a process that holds a signing job is taken for hung. */
  readonly signTimeoutMs: number;
  /** The same for the making of a key pair. */
  readonly keyTimeoutMs: number;
  readonly onEvent: (event: SignerPoolEvent) => void;
}

export type SignerPoolEvent =
  | { readonly kind: 'ready'; readonly signerPid: number | undefined; readonly token: TokenStatus }
  | { readonly kind: 'failed'; readonly error: ServiceError; readonly retryMs: number }
  | { readonly kind: 'ended'; readonly signerPid: number | undefined };

const longestRetryMs = 5_000;

/**
 * Signer over child processes. A process that ends is replaced; one at a time logs in, so that a wrong PIN
 * is tried by one process only. While none is ready and the last start failed, callers get that failure at
 * once; while one is starting they wait for it.
 */
export class SignerPool implements Signer {
  readonly #options: SignerPoolOptions;
  readonly #ready: SignerProcess[] = [];
  #waiting: Job[] = [];
  #failure: ServiceError | undefined;
  #nextId = 1;
  #isClosed = false;
  #starting: SignerProcess | undefined;
  readonly #closing = new AbortController();
  /** Serialises starts. */
  #lastStart: Promise<void> = Promise.resolve();

  constructor(options: SignerPoolOptions) {
    this.#options = options;
    for (let i = 0; i < options.processes; i += 1) this.#startNext();
  }

  generateKeyPair(order: KeyOrder): Promise<TokenKey> {
    return this.#dispatch('generateKeyPair', order, this.#options.keyTimeoutMs);
  }

  findKey({ keyId, role }: { readonly keyId: string; readonly role: KeyRole }): Promise<TokenKey> {
    return this.#dispatch('findKey', { keyId, role }, this.#options.signTimeoutMs);
  }

  destroyKey(key: { readonly keyId: string; readonly role: KeyRole }): Promise<void> {
    return this.#dispatch('destroyKey', key, this.#options.keyTimeoutMs);
  }

  signCertificate(order: CertificateOrder): Promise<Uint8Array> {
    return this.#dispatch('signCertificate', order, this.#options.signTimeoutMs);
  }

  signCrl(order: CrlOrder): Promise<Uint8Array> {
    return this.#dispatch('signCrl', order, this.#options.signTimeoutMs);
  }

  signSod(order: SodOrder): Promise<Uint8Array> {
    return this.#dispatch('signSod', order, this.#options.signTimeoutMs);
  }

  signMasterList(order: MasterListOrder): Promise<Uint8Array> {
    return this.#dispatch('signMasterList', order, this.#options.signTimeoutMs);
  }

  signBundle(order: BundleOrder): Promise<Uint8Array> {
    return this.#dispatch('signBundle', order, this.#options.signTimeoutMs);
  }

  signCheckpoint(order: CheckpointOrder): Promise<Uint8Array> {
    return this.#dispatch('signCheckpoint', order, this.#options.signTimeoutMs);
  }

  status(): Promise<TokenStatus> {
    return this.#dispatch('status', undefined, this.#options.signTimeoutMs);
  }

  get isReady(): boolean {
    return this.#ready.length > 0;
  }

  /** Why no signer could be started, while that is so. */
  get failure(): ServiceError | undefined {
    return this.isReady ? undefined : this.#failure;
  }

  /** Process ids of the signers that take jobs. */
  get pids(): readonly number[] {
    return this.#ready.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  close(): void {
    this.#isClosed = true;
    this.#closing.abort();
    for (const process of this.#ready) process.close();
    this.#starting?.close();
    this.#failWaiting(lost('the service is stopping', 'not-applied'));
  }

  #dispatch<Name extends JobName>(
    job: Name,
    order: SignerJobs[Name]['order'],
    timeoutMs: number,
  ): Promise<SignerJobs[Name]['result']> {
    return new Promise((resolve, reject) => {
      const message = { id: this.#nextId, job, order } as JobMessage;
      this.#nextId += 1;
      const settle = resolve as (result: unknown) => void;
      this.#give({ message, timeoutMs, resolve: settle, reject });
    });
  }

  /** To the process that holds the fewest jobs. */
  #give(job: Job): void {
    const free = this.#ready.toSorted((a, b) => a.held - b.held);
    if (free.some((process) => process.give(job))) return;
    if (this.#isClosed) job.reject(lost('the service is stopping', 'not-applied'));
    else if (this.#failure !== undefined) job.reject(this.#failure);
    else this.#waiting.push(job);
  }

  #startNext(): void {
    this.#lastStart = this.#lastStart.then(() => this.#startUntilReady());
  }

  async #startUntilReady(): Promise<void> {
    for (let retryMs = 100; !this.#isClosed; retryMs = Math.min(retryMs * 2, longestRetryMs)) {
      const process = new SignerProcess(this.#options.spawn(), this.#options.startTimeoutMs);
      this.#starting = process;
      try {
        const token = await process.ready;
        this.#welcome(process, token);
        return;
      } catch (error) {
        this.#failure = isServiceError(error) ? error : lost(String(error), 'not-applied');
        this.#options.onEvent({ kind: 'failed', error: this.#failure, retryMs });
        if (!this.isReady) this.#failWaiting(this.#failure);
        process.close();
      } finally {
        this.#starting = undefined;
      }
      await sleep(retryMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined);
    }
  }

  #welcome(process: SignerProcess, token: TokenStatus): void {
    if (this.#isClosed) {
      process.close();
      return;
    }
    this.#failure = undefined;
    this.#ready.push(process);
    this.#options.onEvent({ kind: 'ready', signerPid: process.pid, token });
    process.onEnd(() => {
      this.#ready.splice(this.#ready.indexOf(process), 1);
      this.#options.onEvent({ kind: 'ended', signerPid: process.pid });
      if (!this.#isClosed) this.#startNext();
    });
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const job of waiting) this.#give(job);
  }

  #failWaiting(error: ServiceError): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const job of waiting) job.reject(error);
  }
}
