import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { BareLoop, type BareLoopOrder, type BareLoopResult } from '../../../hsm/bench/bare-loop.ts';
import { InvariantBroken, Unavailable } from '../../services/errors.ts';
import { type Instance, loadInstance } from '../instance/load-instance.ts';
import { mainModule } from '../instance/open-instance.ts';

/** What a bare loop's process tells the one that started it. */
type BareLoopMessage = 'ready' | BareLoopResult;

export interface BareResult {
  /** Signatures made and verified, all processes together. */
  readonly perSecond: number;
  /** Processor time of one, in microseconds. */
  readonly cpuUs: number;
}

/** The bare loop in as many processes as there are processors, for the same token and keys as the service. */
export class BareLimit {
  readonly #children: readonly ChildProcess[];
  readonly #signal: AbortSignal;

  constructor({ paths, configuration }: Instance, signal: AbortSignal) {
    this.#signal = signal;
    this.#children = Array.from({ length: availableParallelism() }, () =>
      fork(mainModule, ['bench-limit', '--home', paths.home], {
        serialization: 'advanced',
        env: { PATH: process.env['PATH'], ...configuration.token.environment },
      }),
    );
  }

  get processes(): number {
    return this.#children.length;
  }

  /** Once, before the first run. */
  async ready(): Promise<void> {
    await Promise.all(this.#children.map((child) => this.#nextMessage(child)));
  }

  /** In all processes at once. */
  async run(order: BareLoopOrder): Promise<BareResult> {
    const results = await Promise.all(this.#children.map((child) => this.#runIn(child, order)));
    const signatures = results.reduce((sum, result) => sum + result.signatures, 0);
    const cpuSeconds = results.reduce((sum, result) => sum + result.cpuSeconds, 0);
    return {
      perSecond: results.reduce((sum, result) => sum + result.signatures / result.seconds, 0),
      cpuUs: (cpuSeconds / signatures) * 1e6,
    };
  }

  /** In one process, everything synced to a file. @returns how long each signature took, in milliseconds */
  async latencies(order: BareLoopOrder & { readonly syncedFile: string }): Promise<readonly number[]> {
    const [child] = this.#children;
    return child === undefined ? [] : (await this.#runIn(child, order)).latenciesMs;
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }

  async #runIn(child: ChildProcess, order: BareLoopOrder): Promise<BareLoopResult> {
    const result = this.#nextMessage(child);
    child.send(order);
    const message = await result;
    if (message === 'ready') throw new InvariantBroken('a bare loop is ready twice');
    return message;
  }

  async #nextMessage(child: ChildProcess): Promise<BareLoopMessage> {
    const answered = new AbortController();
    const signal = AbortSignal.any([answered.signal, this.#signal]);
    const message = once(child, 'message', { signal }) as Promise<[BareLoopMessage]>;
    const ended = once(child, 'exit', { signal }).then((): [BareLoopMessage] => {
      throw new Unavailable('token', 'a bare loop ended by itself', {
        outcome: 'not-applied',
        mend: 'see what it wrote above',
      });
    });
    try {
      return (await Promise.race([message, ended]))[0];
    } finally {
      answered.abort();
      await Promise.allSettled([message, ended]);
    }
  }
}

/** Inside the process of one bare loop: takes orders from the process that started it and ends with it. */
export function runBareLoop(home: string): void {
  const send = process.send?.bind(process);
  if (send === undefined) {
    throw new Unavailable('bench-limit', 'was not started by the benchmark', {
      outcome: 'not-applied',
      mend: 'run sigillo bench; it starts what it needs itself',
    });
  }
  const loop = new BareLoop(loadInstance(home).configuration.token);
  process.on('disconnect', () => process.exit(0));
  process.on('message', (order: BareLoopOrder) => send(loop.run(order)));
  send('ready');
}
