import { createHash } from 'node:crypto';
import { hashOctets } from '../../formats/log/merkle-tree.ts';
import { hashesAtLevel, tilePath, tileWidth } from '../../formats/log/tiles.ts';
import type { Defect } from '../../services/archive/recheck.ts';
import type { StoredCheckpoint } from '../../services/log/examine-log.ts';
import type { LogArchive, LoggedRecord, LoggedSod } from '../../services/log/fsck.ts';
import { SqliteArchiveRecords } from './archive-records.ts';
import { verifierKeysIn } from './log-records.ts';
import { LogTiles } from './log-tiles.ts';
import { prepareQuery } from './prepared-query.ts';
import { isSodCheck } from './record-check.ts';
import { queries, SqliteDatabase } from './sqlite.ts';

const pageRows = 500;

/** LogArchive on SQLite: one snapshot of the records, read-only, beside a running service too. */
export class SqliteLogArchive implements LogArchive {
  readonly #database: SqliteDatabase;
  readonly size: number;

  /** @throws Unavailable when the file cannot be opened or is of another version */
  constructor(path: string) {
    this.#database = new SqliteDatabase(path, { readOnly: true });
    try {
      this.#database.control('BEGIN');
      this.size = new LogTiles(this.#database).size;
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  close(): void {
    this.#database.close();
  }

  tile(level: number, index: number, width: number): Uint8Array | undefined {
    if (level > 0) return this.#database.first(tileAt({ level, tile: index }))?.hashes;
    // A hash of another length than it must have would move all that come after it.
    const hashes = this.#leaves(index, width).map((leaf) =>
      leaf?.leaf_hash.length === hashOctets ? leaf.leaf_hash : new Uint8Array(hashOctets),
    );
    return Uint8Array.from(Buffer.concat(hashes));
  }

  entries(index: number, width: number): readonly (Uint8Array | undefined)[] {
    return this.#leaves(index, width).map((leaf) => leaf && Buffer.from(leaf.event));
  }

  *checkpoints(): Iterable<StoredCheckpoint> {
    for (let after = -1; ; ) {
      const rows = this.#database.all(
        queries
          .selectFrom('log_checkpoints')
          .select(['tree_size', 'note'])
          .where('tree_size', '>', after)
          .orderBy('tree_size')
          .limit(pageRows),
      );
      for (const { tree_size: size, note } of rows) yield { size, note };
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.tree_size;
    }
  }

  *sods(): Iterable<LoggedSod> {
    const certificates = new Set(
      this.#database.all(queries.selectFrom('certificates').select('sha256')).map((row) => row.sha256),
    );
    for (const sod of new SqliteArchiveRecords(this.#database).sods()) {
      const row = this.#database.first(checkAt({ index: sod.logLeaf }));
      const check = row?.record_check ?? undefined;
      const isChanged = row !== undefined && check !== undefined && !isSodCheck(check, sod, row.ef_sod);
      yield {
        about: `SOD of ${sod.requestId}`,
        event: 'sod',
        sha256: sha256(sod.efSod),
        leafIndex: sod.logLeaf,
        isRowChanged: isChanged || !certificates.has(sod.documentSigner),
      };
    }
  }

  *products(): Iterable<LoggedRecord> {
    const all = this.#database;
    for (const row of all.all(queries.selectFrom('keys').select(['key_id', 'label']))) {
      yield { event: 'key', about: `key ${row.label}`, sha256: sha256(Buffer.from(row.key_id, 'hex')) };
    }
    for (const row of all.all(queries.selectFrom('key_events').select(['key_id', 'state']))) {
      const about = `the end of key ${row.key_id} (${row.state})`;
      yield { event: 'key-end', about, sha256: sha256(Buffer.from(`${row.key_id} ${row.state}`)) };
    }
    for (const row of all.all(queries.selectFrom('certificates').select(['serial_number', 'der']))) {
      yield { event: 'certificate', about: `certificate ${row.serial_number}`, sha256: sha256(row.der) };
    }
    for (const row of all.all(queries.selectFrom('revocations').select('serial_number'))) {
      const { serial_number: serial } = row;
      const octets = Buffer.from(serial.padStart(serial.length + (serial.length % 2), '0'), 'hex');
      yield { event: 'revocation', about: `revocation of ${serial}`, sha256: sha256(octets) };
    }
    for (const row of all.all(queries.selectFrom('rollovers').select('announced_at'))) {
      const about = `rollover announced at ${row.announced_at}`;
      yield { event: 'rollover', about, sha256: sha256(Buffer.from(row.announced_at)) };
    }
    yield* this.#lists();
  }

  *surplus(): Iterable<Defect> {
    for (const detail of this.#database.damage()) yield { about: 'the file itself', detail };
    const query = queries
      .selectFrom('log_tiles')
      .select((eb) => ['level', 'tile', eb.fn<number>('length', ['hashes']).as('octets')]);
    for (const { level, tile, octets } of this.#database.all(query)) {
      const left = level < 1 ? 0 : hashesAtLevel(level, this.size) - tile * tileWidth;
      const expected = Math.max(0, Math.min(tileWidth, left)) * hashOctets;
      if (octets <= expected) continue;
      const about = tilePath({ level, index: tile, width: tileWidth });
      yield { about, detail: `has ${octets} octets where the tree has ${expected}` };
    }
  }

  verifierKeys(): readonly string[] {
    return verifierKeysIn(this.#database);
  }

  /** CRLs can be large: one at a time. */
  *#lists(): Iterable<LoggedRecord> {
    const archive = new SqliteArchiveRecords(this.#database);
    for (const { crlNumber, der } of archive.crls()) {
      yield { event: 'crl', about: `CRL ${crlNumber}`, sha256: sha256(der) };
    }
    for (const { version, der } of archive.masterLists()) {
      yield { event: 'master-list', about: `master list ${version}`, sha256: sha256(der) };
    }
    for (const table of ['exchange_requests', 'exchange_responses'] as const) {
      for (const { sequence, bundle } of this.#database.all(
        queries.selectFrom(table).select(['sequence', 'bundle']),
      )) {
        if (bundle === null) continue;
        const kind = table === 'exchange_requests' ? 'request' : 'response';
        yield { event: 'bundle', about: `${kind} bundle ${sequence}`, sha256: sha256(bundle) };
      }
    }
  }

  /** By their place; undefined where one is missing. */
  #leaves(index: number, width: number) {
    const from = index * tileWidth;
    const rows = new Map(
      this.#database.all(leavesBetween({ from, to: from + width })).map((row) => [row.leaf_index, row]),
    );
    return Array.from({ length: width }, (_, at) => rows.get(from + at));
  }
}

function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}

const tileAt = prepareQuery((at: { readonly level: number; readonly tile: number }) =>
  queries.selectFrom('log_tiles').select('hashes').where('level', '=', at.level).where('tile', '=', at.tile),
);

const leavesBetween = prepareQuery((range: { readonly from: number; readonly to: number }) =>
  queries
    .selectFrom('log_leaves')
    .select(['leaf_index', 'leaf_hash', 'event'])
    .where('leaf_index', '>=', range.from)
    .where('leaf_index', '<', range.to),
);

const checkAt = prepareQuery((at: { readonly index: number }) =>
  queries
    .selectFrom('log_leaves')
    .innerJoin('sods', 'sods.leaf_index', 'log_leaves.leaf_index')
    .select(['log_leaves.record_check', 'sods.ef_sod'])
    .where('log_leaves.leaf_index', '=', at.index),
);
