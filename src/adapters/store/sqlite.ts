import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import {
  type Compilable,
  type CompiledQuery,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { InvariantBroken, Unavailable } from '../../services/errors.ts';
import { migrations, type Schema } from './schema.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

/** Builds queries for the schema; nothing is executed through it. */
export const queries = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

const cacheKib = 16_384;

/** Another process may be recovering the file, or just closing it. */
const openingTimeoutMs = 2_000;

/**
 * The records database: one SQLite file in WAL mode. A commit that has returned survives the end of the process,
 * and once `sync` has returned after it, a power cut too. Statements are prepared once per text.
 */
export class SqliteDatabase {
  readonly #database: DatabaseSync;
  /** Undefined where nothing is written. */
  readonly #writeAheadLog: WriteAheadLog | undefined;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * @param options.readOnly leaves the file as it is, beside a running service too; it must be of this version
   * @throws Unavailable when the file cannot be opened, is locked, or was made by a newer version
   */
  constructor(path: string, { readOnly = false }: { readonly readOnly?: boolean } = {}) {
    this.#database = translated(() => new DatabaseSync(path, { timeout: openingTimeoutMs, readOnly }));
    try {
      this.#writeAheadLog = translated(() => {
        if (readOnly) {
          this.#assertCurrent(path);
          return undefined;
        }
        this.#database.exec('PRAGMA journal_mode = WAL');
        // The log is synced by `sync`, off this thread; SQLite itself syncs it before a checkpoint (decision 0020).
        this.#database.exec('PRAGMA synchronous = NORMAL');
        this.#database.exec('PRAGMA foreign_keys = ON');
        // The upper levels of an index over ten million requests stay in memory.
        this.#database.exec(`PRAGMA cache_size = -${cacheKib}`);
        this.#migrate(path);
        // From here on nothing may block the event loop: GroupCommit tries again by itself.
        this.#database.exec('PRAGMA busy_timeout = 0');
        return new WriteAheadLog(path);
      });
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  all<Row>(query: Compilable<Row> | CompiledQuery<Row>): Row[] {
    const { sql, parameters } = 'sql' in query ? query : query.compile();
    return translated(() => this.#prepare(sql).all(...(parameters as SQLInputValue[]))) as Row[];
  }

  first<Row>(query: Compilable<Row> | CompiledQuery<Row>): Row | undefined {
    const { sql, parameters } = 'sql' in query ? query : query.compile();
    return translated(() => this.#prepare(sql).get(...(parameters as SQLInputValue[]))) as Row | undefined;
  }

  /** @returns the number of rows changed */
  run(query: Compilable | CompiledQuery): number {
    const { sql, parameters } = 'sql' in query ? query : query.compile();
    return Number(translated(() => this.#prepare(sql).run(...(parameters as SQLInputValue[]))).changes);
  }

  /** @returns the rowid of the row that was inserted */
  insert(query: Compilable | CompiledQuery): number {
    const { sql, parameters } = 'sql' in query ? query : query.compile();
    return Number(
      translated(() => this.#prepare(sql).run(...(parameters as SQLInputValue[]))).lastInsertRowid,
    );
  }

  /** `BEGIN IMMEDIATE`, `SAVEPOINT …`, `COMMIT` and the like. */
  control(statement: string): void {
    translated(() => this.#prepare(statement).run());
  }

  /**
   * Waits until everything that was committed before is on disk.
   *
   * @throws Unavailable with outcome `unknown`: it may be lost with a power cut, and asking again does not tell
   */
  sync(): Promise<void> {
    return this.#writeAheadLog?.sync() ?? Promise.resolve();
  }

  /** Another text after every commit, of this or another connection; what was read before may be out of date. */
  get version(): string {
    const number = (sql: string, column: string) =>
      translated(() => Number(this.#prepare(sql).get()?.[column]));
    const others = number('PRAGMA data_version', 'data_version');
    return `${others} ${number('SELECT total_changes() AS own', 'own')}`;
  }

  /** What SQLite finds wrong with the file itself. */
  damage(): readonly string[] {
    const rows = translated(() => this.#prepare('PRAGMA integrity_check').all());
    return rows.map((row) => String(row['integrity_check'])).filter((line) => line !== 'ok');
  }

  get inTransaction(): boolean {
    return this.#database.isOpen && this.#database.isTransaction;
  }

  close(): void {
    this.#database.close();
    this.#writeAheadLog?.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #assertCurrent(path: string): void {
    const version = Number(this.#database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
    if (version === migrations.length) return;
    throw new Unavailable('records', `${path} was written by another version of Sigillo`, {
      outcome: 'not-applied',
      mend: 'start the service of this version once: it brings the records up to date',
    });
  }

  #migrate(path: string): void {
    const row = this.#database.prepare('PRAGMA user_version').get();
    const version = Number(row?.['user_version'] ?? 0);
    if (version > migrations.length) {
      throw new Unavailable('records', `${path} was written by a newer version of Sigillo`, {
        outcome: 'not-applied',
        mend: 'run the version that wrote it, or a later one',
      });
    }
    if (version === migrations.length) return;
    this.#database.exec('BEGIN IMMEDIATE');
    for (const statement of migrations.slice(version).flat()) this.#database.exec(statement);
    this.#database.exec(`PRAGMA user_version = ${migrations.length}`);
    this.#database.exec('COMMIT');
  }
}

const constraintViolated = 19;

const mends: ReadonlyMap<number, string> = new Map([
  [5, 'another process holds the database: end it; the service tries again by itself'],
  [8, 'the database or its folder is read-only: correct the permissions'],
  [10, 'the disk reports errors: look at the system log'],
  [11, 'the database is damaged: stop, and restore from backup'],
  [13, 'the disk is full: free space; the service goes on by itself'],
  [14, 'the file cannot be opened: correct path or permissions'],
]);

/** Whether another process was writing. */
export function isBusy(error: unknown): boolean {
  return error instanceof Unavailable && primaryResultCode(error.cause) === 5;
}

function primaryResultCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
}

/** Primary result codes: https://sqlite.org/rescode.html; the extended code has it in its low octet. */
function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = primaryResultCode(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    // The database has kept what may not be from being written; others of the same commit are not at fault.
    if (code === constraintViolated)
      throw new InvariantBroken(`the records refuse it: ${error.message}`, { cause: error });
    throw new Unavailable('records', error.message, {
      outcome: 'not-applied',
      mend: mends.get(code) ?? 'look at the log of the service',
      cause: error,
    });
  }
}
