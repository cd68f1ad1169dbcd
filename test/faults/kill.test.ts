import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { layOutDevelopment } from '../../src/app/instance/development.ts';
import { loadInstance } from '../../src/app/instance/load-instance.ts';
import type { AnsweredSod } from '../../src/app/torture/answers.ts';
import { Chance } from '../../src/app/torture/chance.ts';
import { RecordsExaminer } from '../../src/app/torture/records-examiner.ts';
import { wholeEfSod } from '../../src/app/torture/stored-sod.ts';
import { freePortBase, torture, type TortureResult } from '../../src/app/torture/torture.ts';
import { decodeEfSod } from '../../src/formats/lds/ef-sod.ts';
import { shippedPolicies } from '../../src/app/cli/instance-options.ts';
import { mainModule } from '../support/instance.ts';
import { sigillo } from '../support/served.ts';
import { utopia } from '../support/software-pki.ts';

// Whole services are started and killed; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const folder = mkdtempSync(join(tmpdir(), 'sigillo-kill-'));
const home = join(folder, 'home');
const now = () => new Date();
const seed = 14;
let result: TortureResult;

beforeAll(async () => {
  const portBase = await freePortBase(new Chance(process.pid, 'ports'));
  layOutDevelopment({ home, portBase, policies: shippedPolicies, main: mainModule });
  result = await torture({
    instance: loadInstance(home),
    seed,
    kills: 8,
    stations: 8,
    now,
    signal: AbortSignal.timeout(600_000),
    progress: () => undefined,
  });
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('kill -9 at random moments under load', () => {
  it(`breaks no invariant (seed ${seed})`, () => {
    expect(result.breaches).toEqual([]);
  });

  it('kills the service and its signers, and loses no answer', () => {
    const { totals, recorded } = result;
    expect(totals.killsOfService + totals.killsOfSigner).toBeGreaterThanOrEqual(8);
    expect(totals.killsOfService).toBeGreaterThan(0);
    expect(totals.killsOfSigner).toBeGreaterThan(0);
    expect(totals.answered).toBeGreaterThan(50);
    expect(totals.repeated).toBeGreaterThan(0);
    expect(totals.conflictsRefused).toBeGreaterThan(0);
    expect(recorded).toBe(totals.answered);
  });
});

describe('the examination of the records', () => {
  const copy = join(folder, 'planted.sqlite');
  const originals = join(folder, 'originals.sqlite');
  let answered: ReadonlyMap<string, AnsweredSod>;

  beforeAll(() => {
    const database = new DatabaseSync(join(home, 'records.sqlite'));
    database.exec(`VACUUM INTO '${originals}'`);
    answered = new Map(
      database
        .prepare('SELECT * FROM sods')
        .all()
        .map((row) => [String(row['request_id']), answeredSod(database, row)]),
    );
    database.close();
  });

  /** The invariants that a fresh examiner finds broken in a copy in which `plant` has changed something. */
  function brokenBy(plant: (database: DatabaseSync) => void, isIdle = true): string[] {
    copyFileSync(originals, copy);
    changeCopy(plant);
    return namesOf(new RecordsExaminer(copy, now).examine(answered, isIdle));
  }

  function changeCopy(plant: (database: DatabaseSync) => void): void {
    const database = new DatabaseSync(copy);
    database.exec('PRAGMA foreign_keys = OFF');
    plant(database);
    database.close();
  }

  it('finds nothing where nothing was changed', () => {
    expect(brokenBy(() => undefined)).toEqual([]);
  });

  it.each<[string, string, string]>([
    ['a SOD is deleted', 'DELETE FROM sods WHERE leaf_index = (SELECT max(leaf_index) FROM sods)', 'I1'],
    ['a leaf is deleted', 'DELETE FROM log_leaves WHERE leaf_index = 3', 'I1'],
    [
      'an event is rewritten',
      "UPDATE log_leaves SET event = replace(event, '2', '3') WHERE leaf_index = 5",
      'I1',
    ],
    ['a certificate is deleted', "DELETE FROM certificates WHERE profile = 'access-client'", 'I1'],
    ['a key has fewer uses than SODs', "UPDATE keys SET uses = 3 WHERE label LIKE 'dsc-%'", 'I3'],
    ['a Document Signer is unknown', 'UPDATE sods SET document_signer = zeroblob(32)', 'I3'],
    [
      'a SOD lies under another id',
      "UPDATE sods SET request_id = 'x' WHERE leaf_index = (SELECT max(leaf_index) FROM sods)",
      'I1',
    ],
  ])('finds that %s', (_, statements, invariant) => {
    expect(brokenBy((database) => database.exec(statements))).toContain(invariant);
  });

  it('finds altered bytes three times over: by the answer, by the log and at the border', () => {
    const alter = (database: DatabaseSync) => {
      const row = database.prepare('SELECT leaf_index, ef_sod FROM sods LIMIT 1').get();
      const efSod = Buffer.from(row?.['ef_sod'] as Uint8Array);
      efSod[efSod.length - 1] = (efSod.at(-1) ?? 0) ^ 1;
      database
        .prepare('UPDATE sods SET ef_sod = ? WHERE leaf_index = ?')
        .run(efSod, row?.['leaf_index'] ?? 0);
    };
    expect(brokenBy(alter)).toEqual(['I1', 'I2', 'I5']);
  });

  it('finds a second SOD under one request id', () => {
    const duplicate = (database: DatabaseSync) =>
      database.exec(`CREATE TABLE loose AS SELECT * FROM sods;
        DROP TABLE sods;
        ALTER TABLE loose RENAME TO sods;
        INSERT INTO sods SELECT (SELECT max(leaf_index) + 1 FROM log_leaves), request_id, content_digest,
                                document_signer, ef_sod FROM sods LIMIT 1`);
    expect(brokenBy(duplicate)).toContain('I2');
  });

  it('finds a SOD of another state, although the log fits it', () => {
    const foreign = utopia('ecdsa-P-256-sha256').efSod;
    const event = JSON.stringify({ event: 'sod', sha256: sha256(foreign), at: now().toISOString() });
    const hash = createHash('sha256').update(Uint8Array.of(0)).update(event).digest();
    const replace = (database: DatabaseSync) => {
      const leaf = database.prepare('SELECT max(leaf_index) AS leaf FROM sods').get()?.['leaf'] ?? 0;
      database.prepare('UPDATE sods SET ef_sod = ? WHERE leaf_index = ?').run(foreign, leaf);
      database
        .prepare('UPDATE log_leaves SET event = ?, leaf_hash = ? WHERE leaf_index = ?')
        .run(event, hash, leaf);
    };
    expect(brokenBy(replace)).toEqual(['I2', 'I5']);
  });

  it('finds an intent that stays open, once nothing is under way', () => {
    const open = (database: DatabaseSync) =>
      database.exec(`INSERT INTO sod_intents
        SELECT 'forgotten', zeroblob(32), key_id, '{}', '2026-11-21T12:00:00Z' FROM keys LIMIT 1`);
    expect(brokenBy(open)).toEqual(['I6']);
    expect(brokenBy(open, false)).toEqual([]);
  });

  it('finds what changes after it was seen, also where no answer tells', () => {
    copyFileSync(originals, copy);
    const examiner = new RecordsExaminer(copy, now);
    expect(examiner.examine(new Map(), true)).toEqual([]);
    changeCopy((database) => {
      database.exec(
        `UPDATE sods SET request_id = 'other' WHERE leaf_index = (SELECT max(leaf_index) FROM sods)`,
      );
    });
    expect(examiner.examine(new Map(), true)).toMatchObject([
      { invariant: 'I2', detail: expect.stringContaining('changed') },
    ]);
    changeCopy((database) => {
      database.exec('DELETE FROM sods WHERE leaf_index = (SELECT max(leaf_index) FROM sods)');
    });
    expect(namesOf(examiner.examine(new Map(), true))).toContain('I1');
  });
});

describe('sigillo torture', () => {
  it('prints what it did, and exits 0', async () => {
    const { code, stdout } = await sigillo(
      'torture',
      '--kills',
      '2',
      '--stations',
      '2',
      '--seed',
      '5',
      '--json',
    );
    const printed = JSON.parse(stdout) as TortureResult & { seed: number };
    expect(printed).toMatchObject({ seed: 5, interrupted: false, breaches: [] });
    expect(printed.recorded).toBe(printed.totals.answered);
    expect(code).toBe(0);
  });

  it('ends on Ctrl-C, and leaves no process and no folder behind', async () => {
    const child = spawn(process.execPath, [mainModule, 'torture', '--stations', '2'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (/^\d+ kills/m.test(output) && !child.killed) child.kill('SIGINT');
    });
    const [code] = (await once(child, 'exit')) as [number];
    const instance = /instance (\S+)/.exec(output)?.[1] ?? '';
    expect(instance).not.toBe('');
    expect(existsSync(instance)).toBe(false);
    expect(code).toBe(1);
  });
});

function namesOf(breaches: readonly { readonly invariant: string }[]): string[] {
  return [...new Set(breaches.map(({ invariant }) => invariant))].toSorted();
}

function answeredSod(database: DatabaseSync, row: Record<string, unknown>): AnsweredSod {
  const efSod = Uint8Array.from(wholeEfSod(database, row['ef_sod'] as Uint8Array));
  const { ldsSecurityObject } = decodeEfSod(efSod, { strict: true });
  const hashes = [...ldsSecurityObject.dataGroupHashes].map(([number, hash]) => [
    String(number),
    Buffer.from(hash).toString('base64'),
  ]);
  return {
    order: {
      requestId: String(row['request_id']),
      documentType: 'P',
      digestAlgorithm: 'SHA-256',
      lds: { version: '1.7' },
      dataGroupHashes: Object.fromEntries(hashes) as Record<string, string>,
    },
    sha256: sha256(efSod),
    documentSigner: Buffer.from(row['document_signer'] as Uint8Array).toString('hex'),
    logLeaf: Number(row['leaf_index']),
  };
}

function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
