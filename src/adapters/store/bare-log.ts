import type { LogEvent } from '../../formats/log/log-leaf.ts';
import type { TileHashes } from '../../formats/log/tiles.ts';
import { LogLeaves } from './log-leaves.ts';
import { LogTiles } from './log-tiles.ts';
import { SqliteDatabase } from './sqlite.ts';

/** The log of an instance without records, to be measured. */
export interface BareLog {
  readonly size: number;
  readonly hashes: TileHashes;
  /** Appends leaves in one transaction and waits until it is on disk. */
  append(events: readonly LogEvent[]): Promise<void>;
  close(): void;
}

/** @throws Unavailable */
export function openBareLog(path: string): BareLog {
  const database = new SqliteDatabase(path);
  const leaves = new LogLeaves(database);
  const tiles = new LogTiles(database);
  return {
    get size() {
      return tiles.size;
    },
    hashes: (level, from, count) => tiles.hashes(level, from, count),
    append: async (events) => {
      database.control('BEGIN IMMEDIATE');
      for (const event of events) leaves.append(event);
      database.control('COMMIT');
      await database.sync();
    },
    close: () => database.close(),
  };
}
