import type { ChildProcess } from 'node:child_process';
import { Unavailable } from '../../services/errors.ts';
import type { TokenStatus } from '../../services/ports.ts';
import { fromWire, type JobMessage, type SignerMessage, type SignerMessages } from './protocol.ts';

export interface Job {
  readonly message: JobMessage;
  readonly timeoutMs: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A process that is told to end and does not is killed: a hung token must not keep the service from ending. */
const endingTimeoutMs = 5_000;

/** One child process with the jobs that it holds. When it ends, for whatever reason, they fail as `unknown`. */
export class SignerProcess {
  readonly #child: ChildProcess;
  readonly #jobs = new Map<number, { job: Job; timer: NodeJS.Timeout }>();
  /** Jobs of one moment, sent as one message: each write to the pipe takes as long as a signature on P-256. */
  #outbox: JobMessage[] = [];
  /** Settles when the process has logged in, or has said why it cannot, or has ended. */
  readonly ready: Promise<TokenStatus>;
  #isOpen = true;
  #onEnd: (() => void) | undefined;

  /** @param startTimeoutMs after which a process that has not logged in is taken for hung and killed */
  constructor(child: ChildProcess, startTimeoutMs: number) {
    this.#child = child;
    this.ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(lost(`the token did not answer within ${startTimeoutMs} ms of the start`, 'not-applied'));
        child.kill('SIGKILL');
      }, startTimeoutMs);
      const settled = () => clearTimeout(timer);
      child.once('message', settled);
      child.once('exit', settled);
      child.once('error', settled);
      child.on('message', (messages) => {
        for (const message of messages as SignerMessages) this.#receive(message, resolve, reject);
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

  get held(): number {
    return this.#jobs.size;
  }

  /** @returns false when the process is gone; the job was not handed over */
  give(job: Job): boolean {
    if (!this.#isOpen || !this.#child.connected) return false;
    const timer = setTimeout(() => this.#kill(job), job.timeoutMs);
    this.#jobs.set(job.message.id, { job, timer });
    this.#outbox.push(job.message);
    if (this.#outbox.length === 1) process.nextTick(() => this.#sendOutbox());
    return true;
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

  /** Lets the process end by itself once it has answered what it holds. */
  close(): void {
    this.#isOpen = false;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#sendOutbox();
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), endingTimeoutMs);
    this.#child.once('exit', () => clearTimeout(timer));
  }

  #kill(job: Job): void {
    this.#settle(job.message.id)?.reject(
      lost(`the token did not answer within ${job.timeoutMs} ms; its process is ended`, 'unknown'),
    );
    this.#child.kill('SIGKILL');
  }

  #receive(
    message: SignerMessage,
    ready: (token: TokenStatus) => void,
    failed: (error: Error) => void,
  ): void {
    switch (message.kind) {
      case 'ready':
        ready(message.token);
        return;
      case 'failed':
        failed(fromWire(message.error));
        return;
      case 'done':
        this.#settle(message.id)?.resolve(message.result);
        return;
      case 'error':
        this.#settle(message.id)?.reject(fromWire(message.error));
        return;
      case 'returned':
        this.#settle(message.id)?.reject(lost('the signer process is ending', 'not-applied'));
        return;
      case 'healing':
    }
  }

  #settle(id: number): Job | undefined {
    const held = this.#jobs.get(id);
    if (held === undefined) return undefined;
    this.#jobs.delete(id);
    clearTimeout(held.timer);
    return held.job;
  }

  #end(): void {
    this.#isOpen = false;
    this.#failAll();
    this.#onEnd?.();
    this.#onEnd = undefined;
  }

  #failAll(): void {
    for (const id of this.#jobs.keys()) {
      this.#settle(id)?.reject(lost('the signer process ended while it held the job', 'unknown'));
    }
  }
}

export function lost(detail: string, outcome: Unavailable['outcome']): Unavailable {
  return new Unavailable('signer', detail, {
    outcome,
    mend: 'a new signer process is started by itself; send the same request again',
  });
}
