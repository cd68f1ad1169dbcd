import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Instance } from '../instance/load-instance.ts';
import { Answers, type AnsweredSod, type Breach, type SodAnswer } from './answers.ts';
import { Chance } from './chance.ts';
import { ChannelsExaminer } from './channels-examiner.ts';
import { Connection } from './connection.ts';
import { Disturber } from './disturber.ts';
import type { FaultyModule } from './faulty-module.ts';
import { FullDisk } from './full-disk.ts';
import { isDisturbance, type Disturbance, type Step, stepOf } from './plan.ts';
import { RecordsExaminer } from './records-examiner.ts';
import { Stations } from './station.ts';

export interface TortureOptions {
  readonly instance: Instance;
  readonly seed: number;
  readonly steps: number;
  /** Requests on their way at the same time. */
  readonly stations: number;
  /** In front of the token's own; undefined where that is used as it is. */
  readonly module: FaultyModule | undefined;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly progress: (done: TortureTotals) => void;
}

export interface TortureTotals {
  readonly steps: number;
  readonly answered: number;
  readonly repeated: number;
  readonly conflictsRefused: number;
  /** Answers that were on their way when their connection was broken, or may have been. */
  readonly answersLost: number;
  /** Requests that were sent again because the service was away. */
  readonly sentAgain: number;
  readonly disturbances: Readonly<Record<string, number>>;
  /** After a wrong signature the service signs no more until it is started again. */
  readonly restartsByHand: number;
  readonly examinations: number;
  readonly longestRecoveryMs: number;
}

export interface TortureResult {
  readonly totals: TortureTotals;
  readonly recorded: number;
  /** How the disk was full; undefined where that can't be done here. */
  readonly fullDisk: FullDisk['means'];
  readonly breaches: readonly Breach[];
}

/** After so many breaches there is nothing more to learn. */
const enoughBreaches = 20;
/** Until the intents that nobody waits for have been completed. */
const idleWithinMs = 60_000;
/** SODs read back through the API after each disturbance, besides those that are new. */
const oldReadBack = 20;
/** All of the records is read again after so many disturbances, in between only what is new. */
const wholeEvery = 10;

/**
 * Takes the steps of a seed, one after the other: requests, as many at a time as there are stations, and now and then
 * something that disturbs the service. It lets the service heal by itself, and examines after every disturbance what
 * is on record and what the API answers.
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
  readonly #channels: ChannelsExaminer;
  readonly #disk: FullDisk;
  readonly #disturber: Disturber;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #readBack = new Set<string>();
  #connection: Connection | undefined;
  #disturbance: Promise<void> = Promise.resolve();
  #isPaused: Promise<void> = Promise.resolve();
  #steps = 0;
  #examinations = 0;
  /** The service does not heal: nothing more can be done to it. */
  #isLost = false;
  #longestRecoveryMs = 0;

  constructor(options: TortureOptions) {
    const { instance, seed, now, module } = options;
    this.#options = options;
    this.#chance = new Chance(seed, 'examiner');
    this.#examiner = new RecordsExaminer(instance.paths.records, now);
    this.#channels = new ChannelsExaminer(instance, this.#examiner);
    this.#disk = new FullDisk(instance.paths.home);
    this.#disturber = new Disturber({
      instance,
      module,
      disk: this.#disk,
      onKilled: () => this.#examineKilled(),
      onFailure: (detail) => this.#answers.breach('I6', detail),
    });
  }

  async run(): Promise<TortureResult> {
    if (await this.#untilReady()) {
      await this.#takeSteps(this.#makeStations());
      await this.#settle(true);
      this.#answers.breaches.push(...this.#examiner.examineFile());
    }
    return {
      totals: this.#totals(),
      recorded: this.#examiner.recorded,
      fullDisk: this.#disk.means,
      breaches: this.#answers.breaches,
    };
  }

  killNow(): void {
    this.#disturber.killNow();
  }

  async end(): Promise<void> {
    this.#connection?.close();
    await this.#disturber.served.kill();
  }

  async #takeSteps(stations: Stations): Promise<void> {
    while (this.#goesOn()) {
      this.#steps += 1;
      const step = stepOf(this.#options.seed, this.#steps);
      const { action } = step;
      if (isDisturbance(action)) {
        await this.#disturbance;
        this.#disturbance = this.#disturb(action, step);
      } else {
        await this.#isPaused;
        await this.#begin(stations.take(step, action));
      }
    }
    await this.#disturbance;
  }

  /** Returns when another step may begin. */
  async #begin(work: Promise<void>): Promise<void> {
    const tracked = work.finally(() => this.#inFlight.delete(tracked));
    this.#inFlight.add(tracked);
    while (this.#inFlight.size >= this.#options.stations) await Promise.race(this.#inFlight);
  }

  /** While requests go on; then they pause until everything that was sent is answered and examined. */
  async #disturb(disturbance: Disturbance, { chance }: Step): Promise<void> {
    await this.#disturber.disturb(disturbance, chance);
    if (!(await this.#untilReady())) return;
    const settled = this.#settle(this.#examinations % wholeEvery === 0);
    this.#isPaused = settled;
    await settled;
    this.#disturber.expectNoMoreErrors();
    this.#options.progress(this.#totals());
  }

  async #untilReady(): Promise<boolean> {
    const started = performance.now();
    const isReady = await this.#disturber.untilReady(this.#options.signal);
    this.#longestRecoveryMs = Math.max(this.#longestRecoveryMs, Math.round(performance.now() - started));
    if (!isReady && !this.#options.signal.aborted) {
      this.#isLost = true;
      const { served } = this.#disturber;
      const how = served.hasGivenUp ? 'ended by itself' : 'does not get ready';
      this.#answers.breach('I6', `the service ${how}; its last words: ${served.lastWords}`);
    }
    return isReady;
  }

  /** Everything that was sent is answered, and all is examined. */
  async #settle(isWhole: boolean): Promise<void> {
    await Promise.all(this.#inFlight);
    const { signal } = this.#options;
    const started = performance.now();
    const answered = this.#answers.snapshot();
    const channelBreaches = await this.#channels.fetch();
    let breaches = this.#examine(answered, true, !isWhole);
    const mayWait = () => performance.now() - started < idleWithinMs && !signal.aborted;
    // Once all is answered, open intents may remain for a moment only.
    while (breaches.length > 0 && breaches.every(({ invariant }) => invariant === 'I6') && mayWait()) {
      await sleep(100);
      breaches = this.#examine(answered, true, true);
    }
    if (signal.aborted) return;
    this.#answers.breaches.push(...breaches, ...channelBreaches());
    await this.#readBackThroughApi(answered);
  }

  /** As the bytes lie there now, whatever is under way. */
  #examineKilled(): void {
    this.#answers.breaches.push(...this.#examine(this.#answers.snapshot(), false, true));
  }

  #examine(
    answered: ReadonlyMap<string, AnsweredSod>,
    isIdle: boolean,
    isOnlyNew: boolean,
  ): readonly Breach[] {
    this.#examinations += 1;
    const signatures = this.#options.module?.signatures();
    return this.#examiner.examine(answered, isIdle, { isOnlyNew, signatures });
  }

  async #readBackThroughApi(answered: ReadonlyMap<string, AnsweredSod>): Promise<void> {
    const unread = [...answered.keys()].filter((requestId) => !this.#readBack.has(requestId));
    const read = [...this.#readBack];
    const again =
      read.length === 0 ? [] : Array.from({ length: oldReadBack }, () => this.#chance.oneOf(read));
    for (const requestId of [...unread, ...again]) {
      const sod = answered.get(requestId);
      if (sod === undefined || this.#connection === undefined || this.#options.signal.aborted) return;
      const { status, body } = await this.#connection.send('GET', `/v1/sods/${requestId}`);
      if (status === 200) this.#answers.expectSame(sod, JSON.parse(body) as SodAnswer);
      else this.#answers.breach('I1', `GET of ${requestId} is answered ${status}: ${body}`);
      this.#readBack.add(requestId);
    }
  }

  #makeStations(): Stations {
    const { instance, seed, stations, signal, now } = this.#options;
    const { paths, configuration } = instance;
    const run = Buffer.from(new Chance(seed, String(now().getTime())).octets(4)).toString('hex');
    const connection = new Connection(paths.credentials, configuration.http.portBase, 2 * stations);
    this.#connection = connection;
    const excusesError = () => this.#disturber.excusesError();
    return new Stations(`torture-${run}`, { connection, answers: this.#answers, signal, excusesError });
  }

  #goesOn(): boolean {
    return (
      this.#steps < this.#options.steps &&
      this.#answers.breaches.length < enoughBreaches &&
      !this.#isLost &&
      !this.#options.signal.aborted
    );
  }

  #totals(): TortureTotals {
    return {
      steps: this.#steps,
      ...this.#answers.totals,
      disturbances: this.#disturber.totals,
      restartsByHand: this.#disturber.restarts,
      examinations: this.#examinations,
      longestRecoveryMs: this.#longestRecoveryMs,
    };
  }
}
