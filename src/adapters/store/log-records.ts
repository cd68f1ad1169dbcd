import { Refused } from '../../services/errors.ts';
import type { CheckpointRecord, LogRecords } from '../../services/log/log-records.ts';
import type { GroupCommit } from './group-commit.ts';
import { countKeyUse } from './key-uses.ts';
import type { LogTiles } from './log-tiles.ts';
import { prepareQuery } from './prepared-query.ts';
import type { Schema } from './schema.ts';
import { queries, type SqliteDatabase } from './sqlite.ts';

const vkeyName = 'log-vkey';

/** LogRecords on SQLite. */
export class SqliteLogRecords implements LogRecords {
  readonly #database: SqliteDatabase;
  readonly #commits: GroupCommit;
  readonly #tiles: LogTiles;

  constructor(database: SqliteDatabase, commits: GroupCommit, tiles: LogTiles) {
    this.#database = database;
    this.#commits = commits;
    this.#tiles = tiles;
  }

  size(): number {
    return this.#tiles.size;
  }

  readonly hashes = (level: number, from: number, count: number): Uint8Array =>
    this.#tiles.hashes(level, from, count);

  entries(from: number, count: number): readonly Uint8Array[] {
    return this.#database
      .all(eventsBetween({ from, to: from + count }))
      .map(({ event }) => Buffer.from(event));
  }

  latestCheckpoint(): CheckpointRecord | undefined {
    return this.#checkpoint(this.#database.first(latest));
  }

  servableCheckpoint(cosignatures: number): CheckpointRecord | undefined {
    const row = this.#database.first(
      queries
        .selectFrom('log_checkpoints')
        .selectAll()
        .where((eb) =>
          eb.or([
            eb('served_at', 'is not', null),
            eb(
              eb
                .selectFrom('log_cosignatures')
                .select((count) => count.fn.countAll<number>().as('count'))
                .whereRef('log_cosignatures.tree_size', '=', 'log_checkpoints.tree_size'),
              '>=',
              cosignatures,
            ),
          ]),
        )
        .orderBy('tree_size', 'desc')
        .limit(1),
    );
    return this.#checkpoint(row);
  }

  countUse(keyId: string): Promise<void> {
    return this.#commits.write(() => countKeyUse(this.#database, keyId));
  }

  recordCheckpoint({ size, note, signedAt }: CheckpointRecord): Promise<void> {
    return this.#commits.write(() => {
      const before = this.#database.first(latest);
      if (before !== undefined && before.tree_size >= size) {
        throw new Refused('duplicate', `a checkpoint of ${before.tree_size} leaves is on record`, {
          rule: 'L-SIZE',
          source: 'C2SP tlog-checkpoint, Signatures',
          mend: 'sign one when the tree has grown',
        });
      }
      this.#database.run(
        queries
          .insertInto('log_checkpoints')
          .values({ tree_size: size, note, signed_at: signedAt.toISOString(), served_at: null }),
      );
    });
  }

  recordCosignature(size: number, cosigner: string, line: string): Promise<void> {
    return this.#commits.write(() => {
      const row = { tree_size: size, cosigner, line };
      const insert = queries.insertInto('log_cosignatures').values(row);
      this.#database.run(insert.onConflict((conflict) => conflict.doNothing()));
    });
  }

  recordServed(size: number, at: Date): Promise<void> {
    return this.#commits.write(() => {
      this.#database.run(
        queries
          .updateTable('log_checkpoints')
          .set({ served_at: at.toISOString() })
          .where('tree_size', '=', size)
          .where('served_at', 'is', null),
      );
    });
  }

  verifierKeys(): readonly string[] {
    return verifierKeysIn(this.#database);
  }

  recordVerifierKey(vkey: string, place: number): Promise<void> {
    return this.#commits.write(() => {
      const before = this.verifierKeys();
      if (before[place] === vkey) return;
      if (place !== before.length || before.some((known) => nameOf(known) !== nameOf(vkey))) {
        throw new Refused('duplicate', `the log is ${before[place] ?? before.join(', ')}, not ${vkey}`, {
          rule: 'L-ORIGIN',
          source: 'C2SP tlog-checkpoint, Note text',
          mend: 'write in sigillo.yaml the log.origin that the log began with',
        });
      }
      const value = [...before, vkey].join('\n');
      const insert = queries.insertInto('meta').values({ key: vkeyName, value });
      this.#database.run(insert.onConflict((conflict) => conflict.column('key').doUpdateSet({ value })));
    });
  }

  #checkpoint(row: Schema['log_checkpoints'] | undefined): CheckpointRecord | undefined {
    if (row === undefined) return undefined;
    const cosignatures = this.#database.all(
      queries
        .selectFrom('log_cosignatures')
        .select('line')
        .where('tree_size', '=', row.tree_size)
        .orderBy('cosigner'),
    );
    return {
      size: row.tree_size,
      note: row.note,
      signedAt: new Date(row.signed_at),
      cosignatures: cosignatures.map(({ line }) => line),
    };
  }
}

/** A line for each key, oldest first. */
export function verifierKeysIn(database: SqliteDatabase): readonly string[] {
  const row = database.first(queries.selectFrom('meta').selectAll().where('key', '=', vkeyName));
  return row === undefined ? [] : row.value.split('\n');
}

function nameOf(vkey: string): string | undefined {
  return vkey.split('+')[0];
}

const latest = queries
  .selectFrom('log_checkpoints')
  .selectAll()
  .orderBy('tree_size', 'desc')
  .limit(1)
  .compile();

const eventsBetween = prepareQuery((range: { readonly from: number; readonly to: number }) =>
  queries
    .selectFrom('log_leaves')
    .select('event')
    .where('leaf_index', '>=', range.from)
    .where('leaf_index', '<', range.to)
    .orderBy('leaf_index'),
);
