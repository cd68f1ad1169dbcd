import type { Refused, Unavailable } from '../../services/errors.ts';
import type { ExchangeRecords } from '../../services/exchange/exchange-records.ts';
import type { LogArchive } from '../../services/log/fsck.ts';
import type { LogRecords } from '../../services/log/log-records.ts';
import type { ArchiveRecords, Clock, IssuanceRecords, SodRecords } from '../../services/ports.ts';
import { SqliteArchiveRecords } from './archive-records.ts';
import { GroupCommit } from './group-commit.ts';
import { SqliteExchangeRecords } from './exchange-records.ts';
import { SqliteIssuanceRecords } from './issuance-records.ts';
import { SqliteLogArchive } from './log-archive.ts';
import { LogLeaves } from './log-leaves.ts';
import { SqliteLogRecords } from './log-records.ts';
import { LogTiles } from './log-tiles.ts';
import { RecordedClock } from './recorded-clock.ts';
import { SqliteSodRecords } from './sod-records.ts';
import { queries, SqliteDatabase } from './sqlite.ts';

export { type BareLog, openBareLog } from './bare-log.ts';

export { fillRecords } from './fill-records.ts';

export interface Records {
  readonly sods: SodRecords;
  readonly issuance: IssuanceRecords;
  readonly exchange: ExchangeRecords;
  readonly archive: ArchiveRecords;
  readonly log: LogRecords;
  /** The clock that everything on record is dated by; it never goes back by a little. */
  readonly clock: Clock & { reload(): void };
  /** Why nothing may be signed while the clock is earlier than what is on record; undefined otherwise. */
  readonly clockFault: Refused | undefined;
  /** Why nothing could be written the last time: disk full, locked; undefined once something could. */
  readonly failure: Unavailable | undefined;
  /** Writes a mark, to find out whether something can be written. @throws Unavailable */
  probe(): Promise<void>;
  close(): void;
}

/**
 * Opens the records of an instance, making or migrating the file first.
 *
 * @throws Unavailable when the file cannot be opened or is locked
 */
export function openRecords(path: string, clock: Clock): Records {
  const database = new SqliteDatabase(path);
  const commits = new GroupCommit(database);
  const tiles = new LogTiles(database);
  tiles.catchUp();
  const leaves = new LogLeaves(database);
  const recorded = new RecordedClock(clock, database);
  return {
    sods: new SqliteSodRecords(database, commits, leaves, recorded),
    issuance: new SqliteIssuanceRecords(database, commits, leaves, recorded),
    exchange: new SqliteExchangeRecords(database, commits, leaves, recorded),
    archive: new SqliteArchiveRecords(database),
    log: new SqliteLogRecords(database, commits, tiles),
    clock: recorded,
    get clockFault() {
      return recorded.fault;
    },
    get failure() {
      return commits.failure;
    },
    probe: () => commits.write(() => writeMark(database, clock.now().toISOString())),
    close: () => database.close(),
  };
}

/** The log and what it is about, as it lies on disk at this moment; nothing is written. @throws Unavailable */
export function openLogArchive(path: string): LogArchive & { close(): void } {
  return new SqliteLogArchive(path);
}

function writeMark(database: SqliteDatabase, value: string): void {
  const mark = { key: 'probed-at', value };
  database.run(
    queries
      .insertInto('meta')
      .values(mark)
      .onConflict((conflict) => conflict.column('key').doUpdateSet(mark)),
  );
}
