import { Unavailable } from '../../services/errors.ts';
import type { SqliteDatabase } from './sqlite.ts';

interface Pending {
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Puts all writes that arrive while the last commit was under way into one transaction, because one sync of
 * the disk costs as much for a hundred writes as for one. A write that throws is undone alone; a commit that
 * fails fails all of its writes.
 */
export class GroupCommit {
  readonly #database: SqliteDatabase;
  #queue: Pending[] = [];
  #scheduled = false;

  constructor(database: SqliteDatabase) {
    this.#database = database;
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
    const batch = this.#queue;
    this.#queue = [];
    this.#scheduled = false;
    const settled: (() => void)[] = [];
    try {
      this.#database.control('BEGIN IMMEDIATE');
      for (const pending of batch) settled.push(this.#runOne(pending));
      this.#database.control('COMMIT');
    } catch (error) {
      this.#undo();
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const settle of settled) settle();
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

  #undo(): void {
    if (this.#database.inTransaction) this.#database.control('ROLLBACK');
  }
}
