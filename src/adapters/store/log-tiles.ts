import { hashOctets } from '../../formats/log/merkle-tree.ts';
import { hashesAtLevel, perfectRoot, splitHashes, tileWidth } from '../../formats/log/tiles.ts';
import { InvariantBroken } from '../../services/errors.ts';
import { prepareQuery } from './prepared-query.ts';
import type { Schema } from './schema.ts';
import { queries, type SqliteDatabase } from './sqlite.ts';

/**
 * The Merkle tree on record. Level 0 are the leaf hashes themselves; every 256th leaf fills a tile, whose hash goes into
 * the tile above, and so on upwards. Nothing is kept in memory, so a transaction that is undone leaves nothing behind.
 */
export class LogTiles {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** Leaves on record. */
  get size(): number {
    return (this.#database.first(lastLeaf)?.leaf_index ?? -1) + 1;
  }

  /** To be called in the transaction that made the tree `size` leaves large. */
  grow(size: number): void {
    if (size % tileWidth === 0) this.#fill(size);
  }

  /** Makes the tiles of records that were written before there were any. */
  catchUp(): void {
    const { size } = this;
    if (this.#count(1) >= hashesAtLevel(1, size)) return;
    this.#database.control('BEGIN IMMEDIATE');
    try {
      this.#fill(size);
      this.#database.control('COMMIT');
    } catch (error) {
      if (this.#database.inTransaction) this.#database.control('ROLLBACK');
      throw error;
    }
  }

  /** @throws InvariantBroken when the records lack one of them */
  hashes(level: number, from: number, count: number): Uint8Array {
    const found = level === 0 ? this.#leafHashes(from, count) : this.#tileHashes(level, from, count);
    if (found?.length === count * hashOctets) return found;
    throw new InvariantBroken(`the records lack hashes of the log at level ${level} from ${from} on`);
  }

  #leafHashes(from: number, count: number): Uint8Array {
    const rows = this.#database.all(leavesBetween({ from, to: from + count }));
    return Uint8Array.from(Buffer.concat(rows.map((row) => row.leaf_hash)));
  }

  #tileHashes(level: number, from: number, count: number): Uint8Array | undefined {
    const tile = Math.floor(from / tileWidth);
    const start = (from % tileWidth) * hashOctets;
    const row = this.#database.first(tileAt({ level, tile }));
    return row && Uint8Array.from(row.hashes.subarray(start, start + count * hashOctets));
  }

  /** Hashes that a level has. */
  #count(level: number): number {
    const last = this.#database.first(lastTile({ level }));
    return last === undefined ? 0 : last.tile * tileWidth + last.hashes.length / hashOctets;
  }

  #fill(size: number): void {
    for (let level = 1; hashesAtLevel(level, size) > 0; level += 1) {
      for (let index = this.#count(level); index < hashesAtLevel(level, size); index += 1) {
        const below = this.hashes(level - 1, index * tileWidth, tileWidth);
        this.#append(level, index, perfectRoot(splitHashes(below)));
      }
    }
  }

  #append(level: number, index: number, hash: Uint8Array): void {
    const tile = Math.floor(index / tileWidth);
    const before = this.#database.first(tileAt({ level, tile }))?.hashes ?? new Uint8Array(0);
    const hashes = Uint8Array.from(Buffer.concat([before, hash]));
    this.#database.run(putTile({ level, tile, hashes }));
  }
}

const lastLeaf = queries
  .selectFrom('log_leaves')
  .select('leaf_index')
  .orderBy('leaf_index', 'desc')
  .limit(1)
  .compile();

const leavesBetween = prepareQuery((range: { readonly from: number; readonly to: number }) =>
  queries
    .selectFrom('log_leaves')
    .select('leaf_hash')
    .where('leaf_index', '>=', range.from)
    .where('leaf_index', '<', range.to)
    .orderBy('leaf_index'),
);

const tileAt = prepareQuery((at: { readonly level: number; readonly tile: number }) =>
  queries.selectFrom('log_tiles').select('hashes').where('level', '=', at.level).where('tile', '=', at.tile),
);

const lastTile = prepareQuery((of: { readonly level: number }) =>
  queries
    .selectFrom('log_tiles')
    .select(['tile', 'hashes'])
    .where('level', '=', of.level)
    .orderBy('tile', 'desc')
    .limit(1),
);

const putTile = prepareQuery((row: Schema['log_tiles']) =>
  queries
    .insertInto('log_tiles')
    .values({ level: row.level, tile: row.tile, hashes: row.hashes })
    .onConflict((conflict) => conflict.columns(['level', 'tile']).doUpdateSet({ hashes: row.hashes })),
);
