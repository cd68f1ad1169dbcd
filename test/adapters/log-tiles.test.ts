import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/clock/index.ts';
import { openRecords } from '../../src/adapters/store/index.ts';
import { LogLeaves } from '../../src/adapters/store/log-leaves.ts';
import { LogTiles } from '../../src/adapters/store/log-tiles.ts';
import { SqliteDatabase } from '../../src/adapters/store/sqlite.ts';
import { inclusionProof, isIncluded, treeRoot } from '../../src/formats/log/merkle-tree.ts';
import { subtreesOf, tilesOf, tileWidth } from '../../src/formats/log/tiles.ts';
import { mth } from '../support/rfc6962.ts';

const folder = mkdtempSync(join(tmpdir(), 'sigillo-tiles-'));
const path = join(folder, 'records.sqlite');
/** Enough for a full tile at level 1, and so one hash at level 2. */
const size = 65_536 + 300;
const leaves: Uint8Array[] = [];

beforeAll(() => {
  const database = new SqliteDatabase(path);
  const log = new LogLeaves(database);
  database.control('BEGIN IMMEDIATE');
  for (let i = 0; i < size; i += 1) {
    // A transaction that is undone just where a tile is full must leave nothing behind.
    if (i === 511 || i === 65_535) undone(database, () => appendTwo(log));
    expect(log.append(event(i))).toBe(i);
  }
  database.control('COMMIT');
  for (const { leaf_hash } of rows('SELECT leaf_hash FROM log_leaves ORDER BY leaf_index')) {
    leaves.push(leaf_hash as Uint8Array);
  }
  database.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

function event(i: number) {
  return { event: 'sod', sha256: i.toString(16).padStart(64, '0'), at: '2026-11-21T12:00:00.000Z' } as const;
}

function appendTwo(log: LogLeaves): void {
  log.append(event(0));
  log.append(event(1));
}

function undone(database: SqliteDatabase, work: () => void): void {
  database.control('SAVEPOINT one');
  work();
  database.control('ROLLBACK TO one');
  database.control('RELEASE one');
}

function rows(sql: string) {
  const database = new DatabaseSync(path);
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

/** Every tile of the tree by the definition in C2SP tlog-tiles. */
function expectTiles(tiles: LogTiles): void {
  const memo = new Map<string, Uint8Array>();
  const hashOf = (level: number, index: number): Uint8Array => {
    if (level === 0) return leaves[index]!;
    const name = `${level}/${index}`;
    const below = Array.from({ length: tileWidth }, (_, i) => i + index * tileWidth);
    const hash = memo.get(name) ?? mth(below.map((i) => hashOf(level - 1, i)));
    memo.set(name, hash);
    return hash;
  };
  for (const { level, index, width } of tilesOf(size)) {
    if (level === 'entries') continue;
    const expected = Array.from({ length: width }, (_, i) => hashOf(level, index * tileWidth + i));
    expect(Buffer.compare(tiles.hashes(level, index * tileWidth, width), Buffer.concat(expected))).toBe(0);
  }
}

describe('tiles on record', () => {
  it('are those of the specification, after transactions that were undone too', () => {
    const database = new SqliteDatabase(path);
    expectTiles(new LogTiles(database));
    database.close();
    expect(rows('SELECT count(*) AS count FROM log_tiles')).toMatchObject([{ count: 3 }]);
  });

  it('give the root and proofs with a few rows each', () => {
    const database = new SqliteDatabase(path);
    const tiles = new LogTiles(database);
    let asked = 0;
    const subtrees = subtreesOf((level, from, count) => {
      asked += 1;
      return tiles.hashes(level, from, count);
    });
    const root = treeRoot(subtrees, size);
    expect(root).toEqual(mth(leaves));
    for (const index of [0, 255, 256, 40_000, 65_535, 65_536, size - 1]) {
      asked = 0;
      const proof = inclusionProof(subtrees, index, size);
      expect(isIncluded({ hash: leaves[index]!, index }, { size, root }, proof)).toBe(true);
      expect(asked).toBeLessThan(30);
    }
    database.close();
  });

  it('are made for records that were written before there were any', () => {
    rows('DELETE FROM log_tiles');
    openRecords(path, systemClock).close();
    const database = new SqliteDatabase(path);
    expectTiles(new LogTiles(database));
    database.close();
  });

  it('are missed, not made up, when somebody takes them away', () => {
    rows('DELETE FROM log_leaves WHERE leaf_index = 3');
    const database = new SqliteDatabase(path);
    expect(() => new LogTiles(database).hashes(0, 0, 256)).toThrow(/lack hashes of the log at level 0/);
    expect(() => new LogTiles(database).hashes(2, 256, 1)).toThrow(/lack hashes/);
    database.close();
  });
});
