import { sql } from 'kysely';
import { encodeLogLeaf, type LogEvent } from '../../formats/log/log-leaf.ts';
import { leafHash } from '../../formats/log/merkle-tree.ts';
import { LogTiles } from './log-tiles.ts';
import { prepareQuery } from './prepared-query.ts';
import type { Schema } from './schema.ts';
import { queries, type SqliteDatabase } from './sqlite.ts';

/** Appends leaves inside the transaction of the caller, with the tiles that they fill. */
export class LogLeaves {
  readonly #database: SqliteDatabase;
  readonly #tiles: LogTiles;

  constructor(database: SqliteDatabase) {
    this.#database = database;
    this.#tiles = new LogTiles(database);
  }

  /**
   * @param recordCheck over what the leaf does not cover of its record
   * @returns the index of the new leaf, counted from 0
   */
  append(event: LogEvent, recordCheck: Uint8Array | null = null): number {
    const text = encodeLogLeaf(event);
    const hash = leafHash(Buffer.from(text));
    const leafIndex = this.#database.insert(
      insertLeaf({ leaf_hash: hash, event: text, record_check: recordCheck }),
    );
    this.#tiles.grow(leafIndex + 1);
    return leafIndex;
  }
}

/** With the next index: found in the same statement, because other processes append too. */
const insertLeaf = prepareQuery((row: Omit<Schema['log_leaves'], 'leaf_index'>) =>
  queries.insertInto('log_leaves').values({
    leaf_index: sql<number>`(SELECT ifnull(max(leaf_index) + 1, 0) FROM log_leaves)`,
    leaf_hash: row.leaf_hash,
    event: row.event,
    record_check: row.record_check,
  }),
);
