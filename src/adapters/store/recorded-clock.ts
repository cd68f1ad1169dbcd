import { Refused } from '../../services/errors.ts';
import type { Clock } from '../../services/ports.ts';
import { latestAct } from './latest-act.ts';
import type { SqliteDatabase } from './sqlite.ts';

/** What a time server corrects when a machine starts or wakes up; periods of keys and CRLs are of days. */
const toleratedMs = 5 * 60_000;

/** The clock of an instance, held against the latest instant that its records know. */
export class RecordedClock implements Clock {
  readonly #clock: Clock;
  readonly #database: SqliteDatabase;
  #latest = 0;

  constructor(clock: Clock, database: SqliteDatabase) {
    this.#clock = clock;
    this.#database = database;
    this.reload();
  }

  /** Looks for a later instant that another process has put on record. */
  reload(): void {
    this.#latest = Math.max(this.#latest, latestAct(this.#database)?.getTime() ?? 0);
  }

  /**
   * Stands still while a small correction is made up for: a CRL or certificate of a moment ago must not become one
   * of the future. Set back by more, it says what the machine says, and `fault` why nothing is signed.
   */
  now(): Date {
    const now = this.#clock.now().getTime();
    if (now + toleratedMs < this.#latest) return new Date(now);
    this.#latest = Math.max(this.#latest, now);
    return new Date(this.#latest);
  }

  /** Why nothing may be signed, while the clock is earlier than what is on record. */
  get fault(): Refused | undefined {
    const now = this.#clock.now();
    if (now.getTime() + toleratedMs >= this.#latest) return undefined;
    const latest = new Date(this.#latest).toISOString();
    const detail = `the clock says ${now.toISOString()}, and something was recorded at ${latest}`;
    return new Refused('key-not-active', detail, {
      rule: 'clock-set-back',
      source: 'docs/keys.md#the-clock',
      mend: 'set the clock of this machine right; the service goes on by itself',
    });
  }

  /** @throws Refused `key-not-active` while the clock is earlier than what is on record */
  assertNotSetBack(): void {
    const { fault } = this;
    if (fault !== undefined) throw fault;
  }
}
