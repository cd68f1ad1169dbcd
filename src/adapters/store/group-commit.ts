import { Unavailable } from '../../services/errors.ts';
import { isBusy, type SqliteDatabase } from './sqlite.ts';

interface Pending {
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** Another process may write too, for the time of a commit: a command of an operator, a backup. */
const busyPauseMs = 10;
const busyAttempts = 50;

/**
 * Puts all writes that arrive while the last commit was under way into one transaction, because one sync of
 * the disk costs as much for a hundred writes as for one. A write that throws is undone alone; a commit that
 * fails fails all of its writes.
 */
export class GroupCommit {
  readonly #database: SqliteDatabase;
  #queue: Pending[] = [];
  #scheduled = false;
  #busyAttempts = 0;
  #failure: Unavailable | undefined;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** Why nothing could be written the last time; undefined once something could. */
  get failure(): Unavailable | undefined {
    return this.#failure;
  }

  /** @returns what `work` returned, once it is durable */
  write<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, resolve: resolve as (value: unknown) => void, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#commit());
    });
  }

  #commit(): void {
    const settled: (() => void)[] = [];
    try {
      if (!this.#begin()) return;
      for (const pending of this.#queue) settled.push(this.#runOne(pending));
      this.#database.control('COMMIT');
      this.#failure = undefined;
    } catch (error) {
      if (error instanceof Unavailable) this.#failure = error;
      this.#undo();
      for (const { reject } of this.#takeQueue()) reject(error);
      return;
    }
    this.#takeQueue();
    for (const settle of settled) settle();
  }

  /** @returns false while another process writes; the same writes are tried again in a moment */
  #begin(): boolean {
    this.#undo();
    try {
      this.#database.control('BEGIN IMMEDIATE');
      return true;
    } catch (error) {
      if (!isBusy(error) || this.#busyAttempts >= busyAttempts) throw error;
      this.#busyAttempts += 1;
      setTimeout(() => this.#commit(), busyPauseMs);
      return false;
    }
  }

  /** Ends what was scheduled: the next write schedules anew. */
  #takeQueue(): Pending[] {
    const queue = this.#queue;
    this.#queue = [];
    this.#scheduled = false;
    this.#busyAttempts = 0;
    return queue;
  }

  /** @throws when not even the savepoint can be undone; the whole transaction is then given up */
  #runOne({ work, resolve, reject }: Pending): () => void {
    this.#database.control('SAVEPOINT one');
    try {
      const value = work();
      this.#database.control('RELEASE one');
      return () => resolve(value);
    } catch (error) {
      if (error instanceof Unavailable || !this.#database.inTransaction) throw error;
      this.#database.control('ROLLBACK TO one');
      this.#database.control('RELEASE one');
      return () => reject(error);
    }
  }

  /** A transaction that cannot even be rolled back is tried again before the next one begins. */
  #undo(): void {
    try {
      if (this.#database.inTransaction) this.#database.control('ROLLBACK');
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    }
  }
}
