import type { ChildProcess } from 'node:child_process';
import { Unavailable } from '../../services/errors.ts';
import { PassingMap } from '../../services/passing-map.ts';
import type { EntryPieces, TokenHealth, TokenStatus } from '../../services/ports.ts';
import type { Job } from './job.ts';
import {
  fromWire,
  type Healing,
  type JobMessage,
  type PieceMessage,
  type SignerMessage,
  type SignerMessages,
} from './protocol.ts';

/** A process that is told to end and does not is killed: a hung token must not keep the service from ending. */
const endingTimeoutMs = 5_000;

export interface SignerProcessEvents {
  /** A rung of the ladder was climbed inside. */
  readonly onHealing: (healing: Healing) => void;
  /** It has room for another job. */
  readonly onRoom: () => void;
  /** It ends and has not begun this job. */
  readonly onReturned: (job: Job) => void;
}

interface Held {
  readonly job: Job;
  readonly handedOverAt: number;
}

/** One child process with the jobs that it holds. When it ends, for whatever reason, they fail as `unknown`. */
export class SignerProcess {
  readonly #child: ChildProcess;
  readonly #events: SignerProcessEvents;
  readonly #held = new PassingMap<number, Held>();
  /** Jobs of one moment, sent as one message: each write to the pipe takes as long as a signature on P-256. */
  #outbox: JobMessage[] = [];
  /** Settles when the process has logged in, or has said why it cannot, or has ended. */
  readonly ready: Promise<TokenStatus | TokenHealth>;
  #isOpen = true;
  #onEnd: (() => void) | undefined;
  #answeredAt = performance.now();
  /** Another process of the same token has hung: it is asked last, until it answers. */
  isSuspect = false;
  /** Whether it has done any job. */
  hasWorked = false;

  /** @param startTimeoutMs after which a process that has not logged in is taken for hung and killed */
  constructor(child: ChildProcess, startTimeoutMs: number, events: SignerProcessEvents) {
    this.#child = child;
    this.#events = events;
    this.ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(lost(`the token did not answer within ${startTimeoutMs} ms of the start`, 'not-applied'));
        child.kill('SIGKILL');
      }, startTimeoutMs);
      const settled = () => clearTimeout(timer);
      child.once('exit', settled);
      child.once('error', settled);
      child.on('message', (messages) => {
        for (const message of messages as SignerMessages) {
          if (message.kind === 'ready' || message.kind === 'failed') settled();
          this.#receive(message, resolve, reject);
        }
      });
      child.once('exit', (code, signal) => {
        reject(lost(`the signer process ended (${signal ?? code})`, 'not-applied'));
      });
      child.once('error', (cause) => {
        reject(lost(`the signer process cannot be started: ${cause.message}`, 'not-applied'));
      });
    });
    child.once('exit', () => this.#end());
    child.on('error', () => this.#end());
  }

  /** Called once, when a process that became ready has ended. */
  onEnd(listener: () => void): void {
    this.#onEnd = listener;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether it takes jobs. */
  get isOpen(): boolean {
    return this.#isOpen && this.#child.connected;
  }

  get held(): number {
    return this.#held.size;
  }

  /** Milliseconds since it answered last. */
  idleMs(now: number): number {
    return now - this.#answeredAt;
  }

  /** @returns false when the process is gone; the job was not handed over */
  give(job: Job): boolean {
    if (!this.isOpen) return false;
    this.#held.set(job.message.id, { job, handedOverAt: performance.now() });
    this.#outbox.push(job.message);
    if (this.#outbox.length === 1) process.nextTick(() => this.#sendOutbox());
    if (job.pieces !== undefined) {
      // With half of an order it would wait for ever.
      this.#sendPieces(job.message.id, job.pieces()).catch(() => this.#child.kill('SIGKILL'));
    }
    return true;
  }

  /** Each when the one before is on its way, as long as the job is held. */
  async #sendPieces(id: number, pieces: ReturnType<EntryPieces['pieces']>): Promise<void> {
    this.#sendOutbox();
    for await (const piece of pieces) {
      if (!this.#held.has(id)) return;
      const message: PieceMessage = { id, piece };
      await new Promise<void>((resolve, reject) => {
        this.#child.send(message, (error) => (error === null ? resolve() : reject(error)));
      });
    }
  }

  /**
   * A process that holds a job for too long is hung, and killed. A job is not given up before: what was signed after
   * its caller left is recorded all the same.
   *
   * @param hangMs how long is too long
   * @returns whether it was killed
   */
  sweep(now: number, hangMs: number): boolean {
    for (const { job, handedOverAt } of this.#held.values()) {
      const patienceMs = job.isLong ? job.deadline - job.acceptedAt : hangMs;
      if (now - handedOverAt < patienceMs) continue;
      this.#failAll(`the token did not answer within ${patienceMs} ms; its process is ended`);
      this.#isOpen = false;
      this.#child.kill('SIGKILL');
      return true;
    }
    return false;
  }

  /** Lets the process end by itself once it has answered what it holds. */
  close(): void {
    this.#isOpen = false;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#sendOutbox();
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), endingTimeoutMs);
    this.#child.once('exit', () => clearTimeout(timer));
  }

  #sendOutbox(): void {
    const messages = this.#outbox;
    if (messages.length === 0) return;
    this.#outbox = [];
    this.#child.send(messages, (error) => {
      if (error === null) return;
      for (const { id } of messages) this.#settle(id)?.reject(lost('the signer process is gone', 'unknown'));
    });
  }

  #receive(
    message: SignerMessage,
    ready: (token: TokenStatus | TokenHealth) => void,
    failed: (error: Error) => void,
  ): void {
    switch (message.kind) {
      case 'ready':
        ready(message.token);
        return;
      case 'failed':
        failed(fromWire(message.error));
        return;
      case 'healing':
        this.#events.onHealing(message.healing);
        return;
      case 'done':
        this.hasWorked = true;
        this.#answered(message.id)?.resolve(message.result);
        break;
      case 'error':
        this.#answered(message.id)?.reject(fromWire(message.error));
        break;
      case 'returned': {
        this.#isOpen = false;
        const job = this.#settle(message.id);
        if (job !== undefined) this.#events.onReturned(job);
        return;
      }
    }
    this.#events.onRoom();
  }

  #answered(id: number): Job | undefined {
    this.#answeredAt = performance.now();
    this.isSuspect = false;
    return this.#settle(id);
  }

  #settle(id: number): Job | undefined {
    const held = this.#held.get(id);
    this.#held.delete(id);
    return held?.job;
  }

  #end(): void {
    this.#isOpen = false;
    this.#failAll('the signer process ended while it held the job');
    this.#onEnd?.();
    this.#onEnd = undefined;
  }

  #failAll(reason: string): void {
    for (const { job } of this.#held.values()) {
      this.#held.delete(job.message.id);
      job.reject(lost(reason, 'unknown'));
    }
  }
}

export function lost(detail: string, outcome: Unavailable['outcome']): Unavailable {
  return new Unavailable('signer', detail, {
    outcome,
    mend: 'a new signer process is started by itself; send the same request again',
  });
}
