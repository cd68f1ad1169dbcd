import { createHash } from 'node:crypto';
import { prepareQuery } from './prepared-query.ts';
import type { Schema } from './schema.ts';
import { queries, type SqliteDatabase } from './sqlite.ts';

/** What a leaf of the log says. Digests of signed objects only: no personal data, nothing guessable. */
export interface LogEvent {
  readonly event:
    | 'sod'
    | 'key'
    | 'key-end'
    | 'certificate'
    | 'revocation'
    | 'crl'
    | 'master-list'
    | 'rollover'
    | 'bundle';
  /** SHA-256 of the product, hexadecimal. */
  readonly sha256: string;
  readonly at: string;
}

/** Appends leaves inside the transaction of the caller. */
export class LogLeaves {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** @returns the index of the new leaf, counted from 0 */
  append(event: LogEvent): number {
    const text = JSON.stringify(event);
    const last = this.#database.first(lastLeaf);
    const leafIndex = (last?.leaf_index ?? -1) + 1;
    this.#database.run(insertLeaf({ leaf_index: leafIndex, leaf_hash: leafHash(text), event: text }));
    return leafIndex;
  }
}

const lastLeaf = queries
  .selectFrom('log_leaves')
  .select('leaf_index')
  .orderBy('leaf_index', 'desc')
  .limit(1)
  .compile();

const insertLeaf = prepareQuery((row: Schema['log_leaves']) =>
  queries
    .insertInto('log_leaves')
    .values({ leaf_index: row.leaf_index, leaf_hash: row.leaf_hash, event: row.event }),
);

/** `SHA-256(00 || leaf)` (RFC 6962 §2.1). */
function leafHash(text: string): Uint8Array {
  return createHash('sha256').update(Uint8Array.of(0)).update(text).digest();
}
