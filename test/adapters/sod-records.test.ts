import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Compilable, CompiledQuery } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GroupCommit } from '../../src/adapters/store/group-commit.ts';
import { SqliteIssuanceRecords } from '../../src/adapters/store/issuance-records.ts';
import { LogLeaves } from '../../src/adapters/store/log-leaves.ts';
import { RecordedClock } from '../../src/adapters/store/recorded-clock.ts';
import { SqliteSodRecords } from '../../src/adapters/store/sod-records.ts';
import { SqliteDatabase } from '../../src/adapters/store/sqlite.ts';
import { wholeEfSod } from '../../src/app/torture/stored-sod.ts';
import { Unavailable } from '../../src/services/errors.ts';
import type { SodIntent } from '../../src/services/ports.ts';
import { eventually } from '../support/served.ts';

const clock = { now: () => new Date('2026-11-21T12:00:00Z') };
const keyId = 'aa'.repeat(16);
const requestIds = ['one', 'two', 'three', 'four'];
type Fault = 'not-applied' | 'applied-but-answer-lost';

/** A database of which the statement with a given number fails. */
class FaultyDatabase extends SqliteDatabase {
  #countdown = Number.POSITIVE_INFINITY;
  #fault: Fault = 'not-applied';

  failStatement(number: number, fault: Fault): void {
    this.#countdown = number;
    this.#fault = fault;
  }

  /** Whether that statement was never reached. */
  get isFaultAhead(): boolean {
    return this.#countdown > 0 && Number.isFinite(this.#countdown);
  }

  override run(query: Compilable | CompiledQuery): number {
    return this.#counted(() => super.run(query));
  }

  override insert(query: Compilable | CompiledQuery): number {
    return this.#counted(() => super.insert(query));
  }

  override control(statement: string): void {
    // Of a rollback that fails there is a test of its own.
    if (statement.startsWith('ROLLBACK')) super.control(statement);
    else this.#counted(() => super.control(statement));
  }

  #counted<T>(work: () => T): T {
    this.#countdown -= 1;
    if (this.#countdown !== 0) return work();
    if (this.#fault === 'applied-but-answer-lost') work();
    throw new Unavailable('records', 'planted fault', { outcome: 'not-applied', mend: 'none' });
  }
}

let folder: string;
let path: string;
let database: FaultyDatabase;
let commits: GroupCommit;
let sods: SqliteSodRecords;
/** Signatures that a token would have made. */
let signatures: number;
/** What a station would have been answered. */
let answered: Map<string, string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sigillo-records-'));
  path = join(folder, 'records.sqlite');
  signatures = 0;
  answered = new Map();
  open();
  const order = {
    keyId,
    role: 'document-signer',
    label: 'dsc-00001',
    keyAlgorithm: 'ecdsa-P-256-sha256',
    usageLimit: undefined,
  } as const;
  const issuance = new SqliteIssuanceRecords(
    database,
    commits,
    new LogLeaves(database),
    new RecordedClock(clock, database),
  );
  await issuance.begin({ kind: 'key', order });
  await issuance.recordKey(order, clock.now());
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

function open(): void {
  database = new FaultyDatabase(path);
  commits = new GroupCommit(database);
  sods = new SqliteSodRecords(database, commits, new LogLeaves(database), new RecordedClock(clock, database));
}

function reopen(): void {
  database.close();
  open();
}

function intentOf(requestId: string): SodIntent {
  return {
    requestId,
    contentDigest: createHash('sha256').update(requestId).digest('hex'),
    keyId,
    documentType: 'P',
    digestAlgorithm: 'SHA-256',
    lds: { version: '1.7' },
    dataGroupHashes: new Map([[1, Uint8Array.of(1)]]),
    signingTime: clock.now(),
  };
}

/** The way of one SOD, as the service goes it. @throws Unavailable at whatever step */
async function sign(requestId: string): Promise<void> {
  const intent = intentOf(requestId);
  const claim = await sods.claim(intent);
  if (claim.kind === 'open') await sods.countUse(intent);
  if (claim.kind === 'recorded') {
    note(requestId, claim.sod.efSod);
    return;
  }
  signatures += 1;
  const efSod = Uint8Array.from(Buffer.from(`${requestId}, signature ${signatures}`.padEnd(12_000, '.')));
  await sods.record(intent, efSod, 'bb'.repeat(32));
  note(requestId, efSod);
}

/** The key is not on record. @returns why it is refused */
function refusedClaim(): Promise<unknown> {
  return sods.claim({ ...intentOf('foreign'), keyId: 'ee'.repeat(16) }).catch((error: unknown) => error);
}

function note(requestId: string, efSod: Uint8Array): void {
  const octets = Buffer.from(efSod).toString('hex');
  expect(answered.get(requestId) ?? octets).toBe(octets);
  answered.set(requestId, octets);
}

/** All at once, so that they share commits. */
async function signAll(): Promise<readonly PromiseSettledResult<void>[]> {
  const outcomes = await Promise.allSettled(requestIds.map(sign));
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(Unavailable);
  }
  return outcomes;
}

function checkInvariants(): void {
  const raw = new DatabaseSync(path, { readOnly: true });
  try {
    expect(raw.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    const rows = raw.prepare('SELECT * FROM sods').all();
    const stored = new Map(
      rows.map((row) => [
        String(row['request_id']),
        wholeEfSod(raw, row['ef_sod'] as Uint8Array).toString('hex'),
      ]),
    );
    for (const [requestId, octets] of answered) expect(stored.get(requestId)).toBe(octets);
    const leaves = raw.prepare('SELECT leaf_index FROM log_leaves ORDER BY leaf_index').all();
    expect(leaves.map((row) => Number(row['leaf_index']))).toEqual([...leaves.keys()]);
    // One leaf is of the key.
    expect(leaves).toHaveLength(stored.size + 1);
    const uses = Number(raw.prepare('SELECT uses FROM keys').get()?.['uses']);
    expect(uses).toBeGreaterThanOrEqual(signatures);
    const open = raw.prepare('SELECT request_id FROM sod_intents').all();
    for (const row of open) expect(stored.has(String(row['request_id']))).toBe(false);
  } finally {
    raw.close();
  }
}

async function expectAllSigned(): Promise<void> {
  const outcomes = await signAll();
  expect(outcomes.map(({ status }) => status)).toEqual(requestIds.map(() => 'fulfilled'));
  expect(await sods.openIntents()).toEqual([]);
  checkInvariants();
}

describe.each<Fault>(['not-applied', 'applied-but-answer-lost'])('the n-th statement fails: %s', (fault) => {
  it('for every n: invariants hold at once, after reopening, and when all is done again', async () => {
    let statements = 0;
    for (let number = 1; ; number += 1) {
      database.failStatement(number, fault);
      await Promise.all([signAll(), refusedClaim()]);
      const isOver = database.isFaultAhead;
      checkInvariants();
      reopen();
      checkInvariants();
      await expectAllSigned();
      if (isOver) break;
      statements = number;
      startAnew();
    }
    // BEGIN, four times INSERT, UPDATE, and because one is refused all of it again with SAVEPOINT and RELEASE; COMMIT;
    // then the SODs.
    expect(statements).toBeGreaterThan(30);
  });

  it('the same without reopening', async () => {
    for (let number = 1; ; number += 1) {
      database.failStatement(number, fault);
      await signAll();
      if (database.isFaultAhead) break;
      await expectAllSigned();
      expect(commits.failure).toBeUndefined();
      startAnew();
    }
  });
});

/** Forgets all SODs, on record too, and leaves the key. */
function startAnew(): void {
  database.close();
  const raw = new DatabaseSync(path);
  raw.exec('DELETE FROM sods; DELETE FROM sod_intents; DELETE FROM log_leaves WHERE leaf_index > 0');
  raw.exec('UPDATE keys SET uses = 1; VACUUM');
  raw.close();
  signatures = 0;
  answered.clear();
  open();
}

describe('a disk that is full', () => {
  const pages = () => database.all<{ page_count: number }>(pragma('page_count'))[0]?.page_count ?? 0;
  const limitPages = (count: number) => database.all(pragma(`max_page_count = ${count}`));

  it('after any number of pages: says so, loses nothing, and goes on when there is room', async () => {
    let refused = 0;
    for (let room = 0; room < 14; room += 1) {
      limitPages(pages() + room);
      const outcomes = await signAll();
      refused += outcomes.filter(({ status }) => status === 'rejected').length;
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        expect(outcome.reason).toMatchObject({
          what: 'records',
          mend: expect.stringContaining('disk is full'),
        });
        expect(commits.failure).toBe(outcome.reason);
      }
      checkInvariants();
      limitPages(1_000_000);
      await expectAllSigned();
      expect(commits.failure).toBeUndefined();
      startAnew();
    }
    expect(refused).toBeGreaterThan(requestIds.length);
  });
});

describe('another process writes', () => {
  it('for a moment: nobody notices', async () => {
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const signed = sign('one');
    await new Promise((resolve) => setTimeout(resolve, 50));
    other.exec('COMMIT');
    await signed;
    other.close();
    checkInvariants();
  });

  it('and does not end: it is said in time, and heals when it ends', async () => {
    const other = new DatabaseSync(path);
    other.exec('BEGIN EXCLUSIVE');
    await expect(sign('one')).rejects.toMatchObject({
      kind: 'unavailable',
      what: 'records',
      outcome: 'not-applied',
      mend: expect.stringContaining('another process'),
    });
    expect(commits.failure).toMatchObject({ what: 'records' });
    expect(await sods.find('one')).toBeUndefined();
    expect(signatures).toBe(0);
    other.exec('ROLLBACK');
    other.close();
    await sign('one');
    expect(commits.failure).toBeUndefined();
    checkInvariants();
  });

  it('while the records are closed: whoever waits is told', async () => {
    const other = new DatabaseSync(path);
    other.exec('BEGIN EXCLUSIVE');
    const outcome = Promise.allSettled([sign('one')]);
    await new Promise((resolve) => setImmediate(resolve));
    database.close();
    expect(await outcome).toMatchObject([{ status: 'rejected' }]);
    other.close();
    open();
    await sign('one');
  });
});

describe('a sync of the disk', () => {
  /** Lets the test say when a sync ends, and how. */
  function holdSyncs(): { readonly end: (error?: Unavailable) => void } {
    const waiting: ((error?: Unavailable) => void)[] = [];
    database.sync = () =>
      new Promise((resolve, reject) => {
        waiting.push((error) => (error === undefined ? resolve() : reject(error)));
      });
    return { end: (error) => waiting.shift()?.(error) };
  }

  it('is awaited before anything is answered, by who reads too', async () => {
    await sods.claim(intentOf('one'));
    const syncs = holdSyncs();
    const answers: string[] = [];
    const recorded = sods.record(intentOf('one'), Uint8Array.of(1), 'bb'.repeat(32));
    const asked = [recorded.then(() => answers.push('recorded'))];
    await eventually('the commit', async () => database.first(countOfSods)?.count === 1);
    asked.push(sods.find('one').then(() => answers.push('found')));
    asked.push(sods.claim(intentOf('one')).then(({ kind }) => answers.push(kind)));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(answers).toEqual([]);
    syncs.end();
    await recorded;
    await eventually('the second commit', async () => {
      syncs.end();
      return answers.length === 3;
    });
    await Promise.all(asked);
    expect(answers.toSorted()).toEqual(['found', 'recorded', 'recorded']);
  });

  it('that fails: nothing is answered or written any more until the records are opened again', async () => {
    await sign('one');
    const syncs = holdSyncs();
    const lost = sign('two');
    await eventually('the commit', async () => database.first(countOfIntents)?.count === 1);
    const error = new Unavailable('records', 'planted fault', { outcome: 'unknown', mend: 'none' });
    syncs.end(error);
    await expect(lost).rejects.toBe(error);
    await expect(sign('three')).rejects.toBe(error);
    await expect(sods.find('one')).rejects.toBe(error);
    expect(commits.failure).toBe(error);
    reopen();
    await expectAllSigned();
  });

  it('has on disk all that was answered: what a power cut leaves is every answered SOD', async () => {
    const afterPowerCut = join(folder, 'after');
    const sync = database.sync.bind(database);
    let cuts = 0;
    database.sync = async () => {
      // What SQLite has written later may or may not be on disk; this much is, once the sync is over.
      const log = readFileSync(`${path}-wal`);
      await sync();
      copyFileSync(path, afterPowerCut);
      writeFileSync(`${afterPowerCut}-wal`, log);
    };
    for (const requestId of [...requestIds, 'five', 'six']) {
      await Promise.all([sign(requestId), sign(`${requestId} too`)]);
      const survived = new DatabaseSync(afterPowerCut, { readOnly: false });
      const found = survived.prepare('SELECT request_id FROM sods').all();
      survived.close();
      expect(found.map((row) => row['request_id'])).toEqual(expect.arrayContaining([...answered.keys()]));
      cuts += 1;
    }
    expect(cuts).toBe(6);
  });
});

describe('SODs that were claimed together', () => {
  const efSod = Uint8Array.of(1);
  const record = (requestId: string) => sods.record(intentOf(requestId), efSod, 'bb'.repeat(32));

  it('are recorded together, although one is signed after the other', async () => {
    await Promise.all(requestIds.map((requestId) => sods.claim(intentOf(requestId))));
    const control = vi.spyOn(database, 'control');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const recorded: Promise<unknown>[] = [];
      for (const requestId of requestIds) {
        recorded.push(record(requestId));
        for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all(recorded);
    } finally {
      vi.useRealTimers();
    }
    expect(control.mock.calls.filter(([statement]) => statement === 'COMMIT')).toHaveLength(1);
    expect(await sods.openIntents()).toEqual([]);
  });

  it('do not wait for one that is not signed', async () => {
    await Promise.all(requestIds.map((requestId) => sods.claim(intentOf(requestId))));
    await record('one');
    expect(await sods.find('one')).toBeDefined();
    expect(await sods.openIntents()).toHaveLength(3);
  });
});

describe('a rollback that fails too', () => {
  it('leaves nothing of its transaction, and does not end the process', async () => {
    const control = database.control.bind(database);
    let isBroken = true;
    database.control = (statement) => {
      if (isBroken && /^(COMMIT|ROLLBACK$)/.test(statement)) {
        throw new Unavailable('records', 'disk I/O error', { outcome: 'not-applied', mend: 'none' });
      }
      control(statement);
    };
    await expect(sign('one')).rejects.toThrow('disk I/O error');
    await expect(sign('two')).rejects.toThrow('records');
    isBroken = false;
    await expectAllSigned();
  });
});

describe('a write that is refused', () => {
  it('is undone alone; the others of its commit are durable', async () => {
    const outcomes = await Promise.allSettled([refusedClaim(), sign('one'), sign('two')]);
    expect(outcomes).toMatchObject([
      { value: { kind: 'broken' } },
      { status: 'fulfilled' },
      { status: 'fulfilled' },
    ]);
    reopen();
    await eventually('both', async () => (await sods.find('two')) !== undefined);
    expect(await sods.openIntents()).toEqual([]);
    checkInvariants();
  });
});

const countOf = (table: string) =>
  ({ sql: `SELECT count(*) AS count FROM ${table}`, parameters: [] }) as unknown as CompiledQuery<{
    count: number;
  }>;
const countOfSods = countOf('sods');
const countOfIntents = countOf('sod_intents');

function pragma(text: string): CompiledQuery<{ page_count: number }> {
  return { sql: `PRAGMA ${text}`, parameters: [] } as unknown as CompiledQuery<{ page_count: number }>;
}
