import { type ChildProcess, spawn } from 'node:child_process';
import http from 'node:http';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Health } from '../http/operations.ts';
import { mainModule } from '../instance/open-instance.ts';

const patienceMs = 180_000;
const keptLines = 40;
/** What is under way is answered before the service ends. */
const endingMs = 30_000;

/** `sigillo serve` in a process of its own, to be killed. */
export class ServedInstance {
  readonly #child: ChildProcess;
  readonly #operationsPort: number;
  readonly #signers = new Set<number>();
  readonly #lines: string[] = [];
  readonly #ended: Promise<void>;

  constructor(home: string, portBase: number) {
    this.#operationsPort = portBase + 4;
    this.#child = spawn(process.execPath, [mainModule, 'serve', '--home', home], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#ended = new Promise((resolve) => this.#child.once('exit', () => resolve()));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface(stream).on('line', (line) => this.#read(line));
    }
  }

  /** Signer processes that take jobs, as far as the log has said. */
  get signerPids(): readonly number[] {
    return [...this.#signers];
  }

  /** Whether it ended without being killed. */
  get hasGivenUp(): boolean {
    return this.#child.exitCode !== null;
  }

  /** The end of its log. */
  get lastWords(): string {
    return this.#lines.join('\n');
  }

  /** @returns whether SODs can be signed; false when it ends or breaks by itself, takes too long, or `signal` says so */
  async untilReady(signal: AbortSignal): Promise<boolean> {
    const started = performance.now();
    while (!signal.aborted && !this.hasGivenUp && performance.now() - started < patienceMs) {
      const health = await this.#health();
      if (health !== undefined && isBroken(health)) return false;
      if (health?.ready === true) return true;
      await sleep(20);
    }
    return false;
  }

  /** Whether it signs no more because an invariant did not hold, until somebody has looked. */
  async isBroken(): Promise<boolean> {
    const health = await this.#health();
    return health !== undefined && isBroken(health);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** SIGTERM; one that does not end within reason is killed. @returns whether it ended by itself, with 0 */
  async endOrKill(): Promise<boolean> {
    this.#child.kill('SIGTERM');
    const killing = setTimeout(() => this.killNow(), endingMs);
    await this.#ended;
    clearTimeout(killing);
    return this.#child.exitCode === 0;
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** For the exit of this process, where nothing can be awaited. */
  killNow(): void {
    this.#child.kill('SIGKILL');
  }

  #read(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > keptLines) this.#lines.splice(0, 1);
    const entry = parsed(line);
    if (entry.signerPid === undefined) return;
    if (entry.kind === 'ready') this.#signers.add(entry.signerPid);
    if (entry.kind === 'ended') this.#signers.delete(entry.signerPid);
  }

  /** `/health/ready`; undefined while nothing listens. */
  #health(): Promise<Health | undefined> {
    return new Promise((resolve) => {
      const options = { host: '127.0.0.1', port: this.#operationsPort, path: '/health/ready', agent: false };
      const request = http.get(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString()) as Health));
        response.once('error', () => resolve(undefined));
      });
      request.once('error', () => resolve(undefined));
    });
  }
}

function isBroken({ reasons }: Health): boolean {
  return reasons.some((reason) => reason.startsWith('an invariant is broken'));
}

function parsed(line: string): { readonly kind?: string; readonly signerPid?: number } {
  try {
    return JSON.parse(line) as { kind?: string; signerPid?: number };
  } catch {
    return {};
  }
}
