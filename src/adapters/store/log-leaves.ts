import { encodeLogLeaf, type LogEvent } from '../../formats/log/log-leaf.ts';
import { leafHash } from '../../formats/log/merkle-tree.ts';
import { prepareQuery } from './prepared-query.ts';
import type { Schema } from './schema.ts';
import { queries, type SqliteDatabase } from './sqlite.ts';

/** Appends leaves inside the transaction of the caller. */
export class LogLeaves {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** @returns the index of the new leaf, counted from 0 */
  append(event: LogEvent): number {
    const text = encodeLogLeaf(event);
    const last = this.#database.first(lastLeaf);
    const leafIndex = (last?.leaf_index ?? -1) + 1;
    this.#database.run(insertLeaf({ leaf_index: leafIndex, leaf_hash: leafHash(Buffer.from(text)), event: text }));
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
