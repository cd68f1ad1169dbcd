import { sql } from 'kysely';
import type { PolicySource } from '../../rules/profile/policy-file.ts';
import type {
  ArchiveRecords,
  CrlRecord,
  LeafRecord,
  MasterListRecord,
  PolicySetRecord,
  RecordedSod,
  WaivedRecord,
} from '../../services/ports.ts';
import { waivedFrom } from './issued-rows.ts';
import { queries, type SqliteDatabase } from './sqlite.ts';
import { StoredSods } from './stored-sods.ts';

const pageRows = 500;

/** ArchiveRecords on SQLite, page by page. */
export class SqliteArchiveRecords implements ArchiveRecords {
  readonly #database: SqliteDatabase;
  readonly #stored: StoredSods;

  constructor(database: SqliteDatabase) {
    this.#database = database;
    this.#stored = new StoredSods(database);
  }

  *crls(): Iterable<CrlRecord> {
    for (const row of this.#database.all(queries.selectFrom('crls').selectAll().orderBy('crl_number'))) {
      const thisUpdate = new Date(row.this_update);
      const nextUpdate = new Date(row.next_update);
      yield { crlNumber: BigInt(row.crl_number), thisUpdate, nextUpdate, der: row.der };
    }
  }

  *masterLists(): Iterable<MasterListRecord> {
    for (const row of this.#database.all(queries.selectFrom('master_lists').selectAll().orderBy('version'))) {
      yield { version: row.version, signedAt: new Date(row.signed_at), der: row.der };
    }
  }

  *sods(from = 0): Iterable<RecordedSod> {
    for (let after = from - 1; ; ) {
      const query = queries.selectFrom('sods').selectAll().where('leaf_index', '>', after);
      const rows = this.#database.all(query.orderBy('leaf_index').limit(pageRows));
      for (const row of rows) yield this.#stored.readAnyhow(row);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.leaf_index;
    }
  }

  *bundles(): Iterable<Uint8Array> {
    for (const table of ['exchange_requests', 'exchange_responses'] as const) {
      const rows = this.#database.all(queries.selectFrom(table).select('bundle').orderBy('sequence'));
      for (const { bundle } of rows) if (bundle !== null) yield bundle;
    }
  }

  waivedFindings(): readonly WaivedRecord[] {
    const query = queries.selectFrom('waived_findings').selectAll().orderBy(sql`rowid`);
    return this.#database.all(query).map(waivedFrom);
  }

  policySets(): readonly PolicySetRecord[] {
    const query = queries.selectFrom('policy_sets').selectAll().orderBy('first_used_at').orderBy('digest');
    return this.#database.all(query).map(({ digest, files, first_used_at: firstUsedAt }) => {
      return { digest, files: JSON.parse(files) as PolicySource[], firstUsedAt: new Date(firstUsedAt) };
    });
  }

  *leaves(): Iterable<LeafRecord> {
    for (let after = -1; ; ) {
      const query = queries.selectFrom('log_leaves').selectAll().where('leaf_index', '>', after);
      const rows = this.#database.all(query.orderBy('leaf_index').limit(pageRows));
      for (const { leaf_index: leafIndex, leaf_hash: leafHash, event } of rows) {
        yield { leafIndex, leafHash, event };
      }
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.leaf_index;
    }
  }
}
