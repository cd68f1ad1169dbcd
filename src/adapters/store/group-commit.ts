import { Unavailable } from '../../services/errors.ts';
import { isBusy, type SqliteDatabase } from './sqlite.ts';

interface Pending {
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** How a write of a committed transaction is answered. */
type Answer = () => void;

/** Another process may write too, for the time of a commit: a command of an operator, a backup. */
const busyPauseMs = 10;
const busyAttempts = 50;

/** The longest that writes wait for others. */
const gatheringMs = 6;
/** So many times as many writes as are still to come are not kept waiting for those. */
const enough = 4;

/**
 * Puts all writes that arrive while the last commit is synced into one transaction, because one sync of the disk
 * costs as much for a hundred writes as for one. Where more writes are foreseen it waits a little for them: what is
 * committed together is also signed, checked and answered together, and costs a third less than one by one. A write that throws is undone alone; a commit that fails fails
 * all of its writes. The thread does not wait for the disk: it goes on, and the writes are answered when the disk
 * has them.
 */
export class GroupCommit {
  readonly #database: SqliteDatabase;
  #queue: Pending[] = [];
  /** A commit is to come, or its sync is under way. */
  #isBusy = false;
  #busyAttempts = 0;
  /** Writes that follow from those that were answered, and have not come yet. */
  #foreseen = 0;
  #gathering: NodeJS.Timeout | undefined;
  #failure: Unavailable | undefined;
  /** A sync that failed: what the disk has is not known any more until the records are opened again. */
  #lost: Unavailable | undefined;
  #durable: Promise<void> = Promise.resolve();

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** Why nothing could be written the last time; undefined once something could. */
  get failure(): Unavailable | undefined {
    return this.#lost ?? this.#failure;
  }

  /**
   * `work` may run twice: it does nothing but read and write the records.
   *
   * @returns what `work` returned, once it is durable
   */
  write<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.#schedule();
    });
  }

  /**
   * Reads see what is committed, also while it is not durable yet.
   *
   * @returns what `work` returned, once it is durable; at once where it found nothing
   * @throws Unavailable when that cannot be known any more
   */
  async read<T>(work: () => T): Promise<T> {
    const value = work();
    if (value !== undefined) await this.#durable;
    if (this.#lost !== undefined) throw this.#lost;
    return value;
  }

  /** One more write is to come soon, or came (-1). Only what is waited for depends on it. */
  foresee(change: 1 | -1): void {
    this.#foreseen = Math.max(0, this.#foreseen + change);
  }

  #schedule(): void {
    if (this.#isBusy) return;
    if (this.#queue.length < enough * this.#foreseen) {
      this.#gathering ??= setTimeout(() => this.#commitSoon(), gatheringMs);
    } else this.#commitSoon();
  }

  #commitSoon(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#isBusy = true;
    setImmediate(() => this.#commit());
  }

  #commit(): void {
    if (this.#lost !== undefined) {
      this.#end(this.#failed(this.#lost));
      return;
    }
    let answers: readonly Answer[];
    try {
      if (!this.#begin()) return;
      answers = this.#runAll();
      this.#database.control('COMMIT');
      this.#failure = undefined;
    } catch (error) {
      if (error instanceof Unavailable) this.#failure = error;
      this.#undo();
      this.#end(this.#failed(error));
      return;
    }
    const committed = this.#queue;
    this.#queue = [];
    this.#durable = this.#database.sync().then(
      () => this.#end(answers),
      (error: unknown) => {
        if (error instanceof Unavailable) this.#lost = error;
        this.#end(
          committed.map(
            ({ reject }) =>
              () =>
                reject(error),
          ),
        );
      },
    );
  }

  /** Answers; what has come meanwhile is next. */
  #end(answers: readonly Answer[]): void {
    this.#isBusy = false;
    this.#busyAttempts = 0;
    for (const answer of answers) answer();
    if (this.#queue.length > 0) this.#schedule();
  }

  #failed(error: unknown): readonly Answer[] {
    const failed = this.#queue;
    this.#queue = [];
    return failed.map(
      ({ reject }) =>
        () =>
          reject(error),
    );
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

  /** All at once; only when one throws is it worth a savepoint for each. */
  #runAll(): readonly Answer[] {
    try {
      return this.#queue.map(({ work, resolve }) => {
        const value = work();
        return () => resolve(value);
      });
    } catch (error) {
      if (error instanceof Unavailable || !this.#database.inTransaction) throw error;
    }
    this.#database.control('ROLLBACK');
    this.#database.control('BEGIN IMMEDIATE');
    return this.#queue.map((pending) => this.#runOne(pending));
  }

  /** @throws when not even the savepoint can be undone; the whole transaction is then given up */
  #runOne({ work, resolve, reject }: Pending): Answer {
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
