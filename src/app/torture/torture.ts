import { once } from 'node:events';
import { createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Instance } from '../instance/load-instance.ts';
import { Answers, type AnsweredSod, type Breach, type SodAnswer } from './answers.ts';
import { Chance } from './chance.ts';
import { Connection } from './connection.ts';
import { RecordsExaminer } from './records-examiner.ts';
import { ServedInstance } from './served-instance.ts';
import { Station } from './station.ts';

export interface TortureOptions {
  readonly instance: Instance;
  readonly seed: number;
  readonly kills: number;
  readonly stations: number;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly progress: (done: TortureTotals) => void;
}

export interface TortureTotals {
  readonly answered: number;
  readonly repeated: number;
  readonly conflictsRefused: number;
  /** Requests that were sent again because the service was away. */
  readonly sentAgain: number;
  readonly killsOfService: number;
  /** Of these, kills of a service that was just starting. */
  readonly killsWhileStarting: number;
  readonly killsOfSigner: number;
  readonly longestRecoveryMs: number;
}

export interface TortureResult {
  readonly totals: TortureTotals;
  readonly recorded: number;
  readonly breaches: readonly Breach[];
}

/** After so many breaches there is nothing more to learn. */
const enoughBreaches = 20;
/** Kills come within so many milliseconds of full load, or of a start. */
const killWithinMs = 600;
/** Until the intents that nobody waits for have been completed. */
const idleWithinMs = 60_000;
/** SODs read back through the API after each kill, besides those that are new. */
const oldReadBack = 20;

/**
 * Kills the service or one of its signers at random moments under load, lets it heal by itself, and examines
 * after every kill what is on record and what the API answers.
 */
export async function torture(options: TortureOptions): Promise<TortureResult> {
  const run = new TortureRun(options);
  const onExit = () => run.killNow();
  process.on('exit', onExit);
  try {
    return await run.run();
  } finally {
    process.off('exit', onExit);
    await run.end();
  }
}

class TortureRun {
  readonly #options: TortureOptions;
  readonly #chance: Chance;
  readonly #answers = new Answers();
  readonly #examiner: RecordsExaminer;
  readonly #connections: Connection[] = [];
  readonly #readBack = new Set<string>();
  #kills = { killsOfService: 0, killsWhileStarting: 0, killsOfSigner: 0 };
  #longestRecoveryMs = 0;
  #served: ServedInstance;

  constructor(options: TortureOptions) {
    this.#options = options;
    this.#chance = new Chance(options.seed, 'killer');
    this.#examiner = new RecordsExaminer(options.instance.paths.records, options.now);
    this.#served = this.#serve();
  }

  async run(): Promise<TortureResult> {
    if (await this.#untilReady()) {
      const stations = this.#makeStations();
      while (this.#goesOn()) await this.#round(stations);
      this.#answers.breaches.push(...this.#examiner.examineFile());
    }
    return {
      totals: this.#totals(),
      recorded: this.#examiner.recorded,
      breaches: this.#answers.breaches,
    };
  }

  killNow(): void {
    this.#served.killNow();
  }

  async end(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    await this.#served.kill();
  }

  /** Load, one kill or more, recovery; then everything that was sent is answered, and all is examined. */
  async #round(stations: readonly Station[]): Promise<void> {
    let isOver = false;
    const load = Promise.all(stations.map((station) => station.work(() => isOver)));
    await sleep(this.#chance.below(killWithinMs));
    if (this.#chance.happens(50)) await this.#killSigner();
    else await this.#killService();
    const isReady = await this.#untilReady();
    isOver = true;
    if (!isReady) return;
    await load;
    await this.#examineIdle();
    this.#options.progress(this.#totals());
  }

  async #killSigner(): Promise<void> {
    const { signerPids } = this.#served;
    if (signerPids.length === 0) return;
    if (killProcess(this.#chance.oneOf(signerPids))) this.#kills.killsOfSigner += 1;
    this.#examine();
  }

  async #killService(): Promise<void> {
    await this.#served.kill();
    this.#kills.killsOfService += 1;
    this.#examine();
    this.#served = this.#serve();
    while (this.#goesOn() && this.#chance.happens(25)) {
      await sleep(this.#chance.below(2 * killWithinMs));
      await this.#served.kill();
      this.#kills.killsOfService += 1;
      this.#kills.killsWhileStarting += 1;
      this.#examine();
      this.#served = this.#serve();
    }
  }

  async #untilReady(): Promise<boolean> {
    const started = performance.now();
    const isReady = await this.#served.untilReady(this.#options.signal);
    this.#longestRecoveryMs = Math.max(this.#longestRecoveryMs, Math.round(performance.now() - started));
    if (!isReady && !this.#options.signal.aborted) {
      const how = this.#served.hasGivenUp ? 'ended by itself' : 'does not get ready';
      this.#answers.breach('I6', `the service ${how}; its last words: ${this.#served.lastWords}`);
    }
    return isReady;
  }

  /** As the bytes lie there now, whatever is under way. */
  #examine(): void {
    this.#answers.breaches.push(...this.#examiner.examine(this.#answers.snapshot(), false));
  }

  /** Once all is answered, open intents may remain for a moment only. */
  async #examineIdle(): Promise<void> {
    const { signal } = this.#options;
    const answered = this.#answers.snapshot();
    const started = performance.now();
    let breaches = this.#examiner.examine(answered, true);
    const mayWait = () => performance.now() - started < idleWithinMs && !signal.aborted;
    while (breaches.length > 0 && breaches.every(({ invariant }) => invariant === 'I6') && mayWait()) {
      await sleep(100);
      breaches = this.#examiner.examine(answered, true);
    }
    if (signal.aborted) return;
    this.#answers.breaches.push(...breaches);
    await this.#readBackThroughApi(answered);
  }

  async #readBackThroughApi(answered: ReadonlyMap<string, AnsweredSod>): Promise<void> {
    const unread = [...answered.keys()].filter((requestId) => !this.#readBack.has(requestId));
    const read = [...this.#readBack];
    const again =
      read.length === 0 ? [] : Array.from({ length: oldReadBack }, () => this.#chance.oneOf(read));
    const [connection] = this.#connections;
    if (connection === undefined) return;
    for (const requestId of [...unread, ...again]) {
      const sod = answered.get(requestId);
      if (sod === undefined || this.#options.signal.aborted) return;
      const { status, body } = await connection.send('GET', `/v1/sods/${requestId}`);
      if (status === 200) this.#answers.expectSame(sod, JSON.parse(body) as SodAnswer);
      else this.#answers.breach('I1', `GET of ${requestId} is answered ${status}: ${body}`);
      this.#readBack.add(requestId);
    }
  }

  #makeStations(): readonly Station[] {
    const { instance, seed, stations, signal } = this.#options;
    const run = Buffer.from(new Chance(seed, String(this.#options.now().getTime())).octets(4)).toString(
      'hex',
    );
    return Array.from({ length: stations }, (_, index) => {
      const name = `torture-${run}-${index + 1}`;
      const connection = new Connection(instance.paths.credentials, instance.configuration.http.portBase);
      this.#connections.push(connection);
      const chance = new Chance(seed, `station ${index + 1}`);
      return new Station(name, { chance, connection, answers: this.#answers, signal });
    });
  }

  #serve(): ServedInstance {
    const { paths, configuration } = this.#options.instance;
    return new ServedInstance(paths.home, configuration.http.portBase);
  }

  #goesOn(): boolean {
    const { killsOfService, killsOfSigner } = this.#kills;
    return (
      killsOfService + killsOfSigner < this.#options.kills &&
      this.#answers.breaches.length < enoughBreaches &&
      !this.#options.signal.aborted
    );
  }

  #totals(): TortureTotals {
    const longestRecoveryMs = this.#longestRecoveryMs;
    return { ...this.#answers.totals, ...this.#kills, longestRecoveryMs };
  }
}

/** @returns false when it had ended already */
function killProcess(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** The first of five ports in a row, somewhere below the ephemeral ones, that nothing listens on. */
export async function freePortBase(chance: Chance): Promise<number> {
  for (;;) {
    const base = 10_000 + 5 * chance.below(4_000);
    const free = await Promise.all([0, 1, 2, 3, 4].map((offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
