import type { Clock, IssuanceRecords, SodRecords } from '../../services/ports.ts';
import { GroupCommit } from './group-commit.ts';
import { SqliteIssuanceRecords } from './issuance-records.ts';
import { LogLeaves } from './log-leaves.ts';
import { SqliteSodRecords } from './sod-records.ts';
import { SqliteDatabase } from './sqlite.ts';

export interface Records {
  readonly sods: SodRecords;
  readonly issuance: IssuanceRecords;
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
  const leaves = new LogLeaves(database);
  return {
    sods: new SqliteSodRecords(database, commits, leaves, clock),
    issuance: new SqliteIssuanceRecords(database, commits, leaves, clock),
    close: () => database.close(),
  };
}
