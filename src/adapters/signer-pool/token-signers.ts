import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { isServiceError, type ServiceError } from '../../services/errors.ts';
import type { TokenHealth, TokenStatus } from '../../services/ports.ts';
import type { Job } from './job.ts';
import type { Healing } from './protocol.ts';
import { lost, SignerProcess } from './signer-process.ts';

/** One token that holds keys of the instance. */
export interface TokenOptions {
  readonly name: string;
  /** Jobs go to the tokens of the lowest number that work, shared among those of the same. */
  readonly preference: number;
  /** Starts one signer process with an IPC channel of advanced serialisation. */
  readonly spawn: () => ChildProcess;
  /** Processes side by side: a module in the machine signs one thing at a time in each. */
  readonly processes: number;
  /** Jobs that are handed to a process at a time. */
  readonly inFlight: number;
  /** Milliseconds after which a process that has not logged in is taken for hung. */
  readonly startTimeoutMs: number;
  /** Milliseconds after which a process that holds a signing job is taken for hung. */
  readonly hangMs: number;
  /** Milliseconds without an answer after which a process proves with its health key that it signs. */
  readonly keepAliveMs: number;
}

export type SignerPoolEvent = { readonly token: string } & (
  | { readonly kind: 'ready'; readonly signerPid: number | undefined; readonly status: TokenStatus }
  | { readonly kind: 'healing'; readonly signerPid: number | undefined; readonly healing: Healing }
  /** Jobs that a preferred token should have go to this one, or go where they should again. */
  | { readonly kind: 'takes-over' | 'takes-back' }
  | { readonly kind: 'hung'; readonly signerPid: number | undefined }
  | { readonly kind: 'failed'; readonly error: ServiceError; readonly retryMs: number }
  | { readonly kind: 'ended'; readonly signerPid: number | undefined }
);

export interface TokenEvents {
  readonly onEvent: (event: SignerPoolEvent) => void;
  /** A job may find a process now, or will not find one here for a while. */
  readonly onChange: () => void;
  readonly onReturned: (job: Job) => void;
  /** Makes a job of the pool's own. */
  readonly probe: () => { job: Job; health: Promise<TokenHealth> };
}

const shortestRetryMs = 100;
const longestRetryMs = 5_000;
/** A token that is only suspected is given no more time than this to show that it signs. */
const suspectMs = 2_000;

/**
 * The signer processes of one token. A process that ends is replaced; one at a time logs in, so that a wrong PIN
 * is tried by one process only, and takes jobs only once its token has signed with the health key.
 */
export class TokenSigners {
  readonly options: TokenOptions;
  readonly #events: TokenEvents;
  readonly #ready: SignerProcess[] = [];
  readonly #probing = new Set<SignerProcess>();
  #keyIds: ReadonlySet<string> | undefined;
  #status: TokenStatus | undefined;
  #failure: ServiceError | undefined;
  #lastHealing: (Healing & { readonly at: number }) | undefined;
  #isClosed = false;
  #starting: SignerProcess | undefined;
  /** Processes that ended one after the other without having answered anything. */
  #inVain = 0;
  readonly #closing = new AbortController();
  /** Serialises starts. */
  #lastStart: Promise<void> = Promise.resolve();

  constructor(options: TokenOptions, events: TokenEvents) {
    this.options = options;
    this.#events = events;
    for (let i = 0; i < options.processes; i += 1) this.#startNext(0);
  }

  get isReady(): boolean {
    return this.#ready.length > 0;
  }

  /** Why no signer could be started, while that is so. */
  get failure(): ServiceError | undefined {
    return this.isReady ? undefined : this.#failure;
  }

  get pids(): readonly number[] {
    return this.#ready.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  get status(): TokenStatus | undefined {
    return this.#status;
  }

  get lastHealing(): (Healing & { readonly at: number }) | undefined {
    return this.#lastHealing;
  }

  /** Whether the key is on it, as far as is known; undefined before anything is. */
  holds(keyId: string): boolean | undefined {
    return this.#keyIds?.has(keyId);
  }

  learn(keyId: string, isThere: boolean): void {
    const keyIds = new Set(this.#keyIds);
    if (isThere) keyIds.add(keyId);
    else keyIds.delete(keyId);
    this.#keyIds = keyIds;
  }

  /** The process with the most room; undefined while all are full. */
  get freest(): SignerProcess | undefined {
    let freest: SignerProcess | undefined;
    for (const process of this.#ready) {
      if (!process.isOpen || process.held >= this.options.inFlight) continue;
      if (freest === undefined || rank(process) < rank(freest)) freest = process;
    }
    return freest;
  }

  /** To be called every now and then: finds what hangs, and has what is idle or suspect prove itself. */
  sweep(now: number): void {
    for (const process of this.#ready) {
      if (
        process.sweep(now, process.isSuspect ? Math.min(suspectMs, this.options.hangMs) : this.options.hangMs)
      ) {
        this.#events.onEvent({ kind: 'hung', token: this.options.name, signerPid: process.pid });
        for (const other of this.#ready) if (other !== process) other.isSuspect = true;
      } else if (process.isSuspect || process.idleMs(now) >= this.options.keepAliveMs) this.#probe(process);
    }
  }

  /** Replaces a process by a new one, which sees the token as it is now. */
  renew(): void {
    this.#ready[0]?.close();
  }

  close(): void {
    this.#isClosed = true;
    this.#closing.abort();
    for (const process of this.#ready) process.close();
    this.#starting?.close();
  }

  /** What comes of it is for the process to say: one that hangs is swept away, one that is lost ends. */
  #probe(process: SignerProcess): void {
    if (this.#probing.has(process)) return;
    const { job, health } = this.#events.probe();
    if (!process.give(job)) return;
    this.#probing.add(process);
    health
      .then((token) => this.#keep(token))
      .catch(() => undefined)
      .finally(() => this.#probing.delete(process));
  }

  #keep(token: TokenStatus | TokenHealth): void {
    const { label, serialNumber, manufacturer, model, keys } = token;
    this.#status = { label, serialNumber, manufacturer, model, keys };
    if ('keyIds' in token) this.#keyIds = new Set(token.keyIds);
    this.#events.onChange();
  }

  #startNext(afterMs: number): void {
    this.#lastStart = this.#lastStart.then(() => this.#startUntilReady(afterMs));
  }

  async #startUntilReady(afterMs: number): Promise<void> {
    if (afterMs > 0) await this.#pause(afterMs);
    for (let retryMs = shortestRetryMs; !this.#isClosed; retryMs = Math.min(retryMs * 2, longestRetryMs)) {
      const process = this.#spawn();
      this.#starting = process;
      try {
        this.#welcome(process, await process.ready);
        return;
      } catch (error) {
        this.#failure = isServiceError(error) ? error : lost(String(error), 'not-applied');
        const { name } = this.options;
        this.#events.onEvent({ kind: 'failed', token: name, error: this.#failure, retryMs });
        this.#events.onChange();
        process.close();
      } finally {
        this.#starting = undefined;
      }
      await this.#pause(retryMs);
    }
  }

  #spawn(): SignerProcess {
    const { name: token, spawn, startTimeoutMs } = this.options;
    const child = spawn();
    return new SignerProcess(child, startTimeoutMs, {
      onHealing: (healing) => {
        this.#lastHealing = { ...healing, at: performance.now() };
        this.#events.onEvent({ kind: 'healing', token, signerPid: child.pid, healing });
      },
      onRoom: () => this.#events.onChange(),
      onReturned: (job) => this.#events.onReturned(job),
    });
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#closing;
    await sleep(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
  }

  #welcome(process: SignerProcess, status: TokenStatus | TokenHealth): void {
    if (this.#isClosed) {
      process.close();
      return;
    }
    const { name: token } = this.options;
    this.#failure = undefined;
    this.#ready.push(process);
    process.onEnd(() => {
      this.#ready.splice(this.#ready.indexOf(process), 1);
      this.#events.onEvent({ kind: 'ended', signerPid: process.pid, token });
      this.#inVain = process.hasWorked ? 0 : this.#inVain + 1;
      const afterMs = this.#inVain === 0 ? 0 : Math.min(shortestRetryMs * 2 ** this.#inVain, longestRetryMs);
      if (!this.#isClosed) this.#startNext(afterMs);
      this.#events.onChange();
    });
    this.#keep(status);
    this.#events.onEvent({ kind: 'ready', signerPid: process.pid, token, status });
  }
}

/** Suspects after all others. */
function rank({ held, isSuspect }: SignerProcess): number {
  return isSuspect ? held + 1e6 : held;
}
