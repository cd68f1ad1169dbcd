import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AnsweredSod } from '../../src/app/torture/answers.ts';
import { ChannelsExaminer } from '../../src/app/torture/channels-examiner.ts';
import { stepOf } from '../../src/app/torture/plan.ts';
import { RecordsExaminer } from '../../src/app/torture/records-examiner.ts';
import { wholeEfSod } from '../../src/app/torture/stored-sod.ts';
import { makeThrowaway, type Throwaway } from '../../src/app/torture/throwaway-instance.ts';
import { torture, type TortureResult } from '../../src/app/torture/torture.ts';
import { decodeEfSod } from '../../src/formats/lds/ef-sod.ts';
import { shippedPolicies } from '../../src/app/cli/instance-options.ts';
import { Pkcs11Token } from '../../hsm/pkcs11-token.ts';
import { initialiseToken, softHsmModule, writeSoftHsmConfiguration } from '../../hsm/softhsm.ts';
import { Acts } from '../support/acts.ts';
import { everyCall } from '../support/every-call.ts';
import { mainModule } from '../support/instance.ts';
import { sigillo } from '../support/served.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { utopia } from '../support/software-pki.ts';

// Whole services are started and killed; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const folder = mkdtempSync(join(tmpdir(), 'sigillo-torture-test-'));
const faultyModule = fileURLToPath(new URL('../support/faulty-token/faulty-token.c', import.meta.url));
const seeds = JSON.parse(readFileSync(new URL('./torture-seeds.json', import.meta.url), 'utf8')) as readonly {
  readonly seed: number;
  readonly steps: number;
  readonly why: string;
}[];
const kept = seeds.filter(({ steps }) => everyCall || steps <= 200);
const now = () => new Date();
let throwaway: Throwaway;
let home: string;
const results: TortureResult[] = [];
/** Only root may, and not in every container; in CI it must be possible. */
const mayMount = mountsOnTrial();
if (!mayMount) console.warn('a small file system is not filled: this user may not mount a tmpfs');

beforeAll(async () => {
  for (const { seed, steps } of kept) {
    throwaway = await makeThrowaway({
      folder,
      seed,
      policies: shippedPolicies,
      token: undefined,
      keyAlgorithms: { csca: 'ecdsa-P-384-sha384', 'dsc-passport': 'ecdsa-P-256-sha256' },
      faultyModule,
    });
    home = throwaway.instance.paths.home;
    const signal = AbortSignal.timeout(7_200_000);
    results.push(
      await torture({ ...throwaway, seed, steps, stations: 8, now, signal, progress: () => undefined }),
    );
  }
}, 7_200_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('seeds that are kept', () => {
  it.each(kept.map((each, index) => [each.seed, each.why, index] as const))(
    'seed %i, %s: breaks no invariant',
    (_, __, index) => {
      const { breaches, totals, recorded } = results[index] ?? expect.fail('it was not run');
      expect(breaches).toEqual([]);
      expect(totals.steps).toBe(kept[index]?.steps);
      expect(recorded).toBe(totals.answered);
      expect(totals.answersLost).toBeGreaterThan(0);
    },
  );

  it('start the service again after a wrong signature of the token', () => {
    expect(results.some(({ totals }) => totals.restartsByHand > 0)).toBe(true);
  });

  it('disturb in every way that there is', () => {
    const done = new Set(results.flatMap(({ totals }) => Object.keys(totals.disturbances)));
    expect([...done].toSorted()).toEqual([
      'end-service',
      'full-disk',
      'kill-command',
      'kill-service',
      'kill-signer',
      'kill-while-starting',
      'renew-document-signer',
      'stop-signers',
      'token-fault',
    ]);
  });

  it('give the same steps again', () => {
    const actions = (seed: number) =>
      Array.from({ length: 500 }, (_, index) => {
        const { action, chance } = stepOf(seed, index + 1);
        return `${action} ${chance.below(1_000)}`;
      });
    expect(actions(7)).toEqual(actions(7));
    expect(actions(7)).not.toEqual(actions(8));
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
    ['a CRL has another number', 'UPDATE crls SET crl_number = crl_number + 1', 'I4'],
    [
      'a certificate lies under another serial number',
      "UPDATE certificates SET serial_number = '77' WHERE profile = 'csca'",
      'I8',
    ],
    [
      'a serial number may be used again',
      'DELETE FROM serial_numbers WHERE serial_number = (SELECT max(serial_number) FROM certificates)',
      'I8',
    ],
    ['a tile is not of its leaves', 'INSERT OR REPLACE INTO log_tiles VALUES (1, 0, zeroblob(32))', 'I1'],
    [
      'a checkpoint is of another tree',
      'UPDATE log_checkpoints SET tree_size = tree_size - 1 WHERE tree_size = (SELECT max(tree_size) FROM log_checkpoints)',
      'I1',
    ],
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

  it('finds a SOD of another state, although its leaf fits it', () => {
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
    expect(brokenBy(replace)).toEqual(expect.arrayContaining(['I2', 'I5']));
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

describe('the examination of what goes on', () => {
  it('finds that a key has signed more often than uses are counted', () => {
    const examiner = new RecordsExaminer(join(home, 'records.sqlite'), now);
    const signatures = new Map(throwaway.module?.signatures());
    expect(signatures.size).toBeGreaterThan(3);
    expect(examiner.examine(new Map(), true, { signatures })).toEqual([]);
    const database = new DatabaseSync(join(home, 'records.sqlite'), { readOnly: true });
    const row = database.prepare("SELECT key_id, uses FROM keys WHERE role = 'csca'").get();
    database.close();
    const more = signatures.set(String(row?.['key_id']), Number(row?.['uses']) + 1);
    expect(namesOf(examiner.examine(new Map(), true, { signatures: more }))).toEqual(['I3']);
  });

  it('finds that a CRL or checkpoint goes back, or one is shown that is not on record', async () => {
    const acts = await Acts.open(home);
    // On a busy machine the signer may be taken for hung.
    await vi.waitFor(() => acts.perform('crl', 'next'), { timeout: 60_000, interval: 100 });
    acts.close();
    const examiner = new RecordsExaminer(join(home, 'records.sqlite'), now);
    const channels = new ChannelsExaminer(throwaway.instance, examiner);
    const path = join(home, 'trust', 'crl-UTO.crl');
    const database = new DatabaseSync(join(home, 'records.sqlite'), { readOnly: true });
    const rows = database.prepare('SELECT der FROM crls ORDER BY crl_number DESC LIMIT 2').all();
    database.close();
    const [newer, older] = rows.map(({ der }) => der as Uint8Array);
    const breachesWith = async (crl: Uint8Array) => {
      writeFileSync(path, crl);
      const breaches = await channels.fetch();
      examiner.examine(new Map(), true);
      return namesOf(breaches());
    };
    expect(await breachesWith(older ?? new Uint8Array())).toEqual([]);
    expect(await breachesWith(newer ?? new Uint8Array())).toEqual([]);
    expect(await breachesWith(older ?? new Uint8Array())).toEqual(['I4']);
    expect(await breachesWith(Uint8Array.of(1))).toEqual(['I1']);
  });
});

describe('sigillo torture', () => {
  it('works on a token that it is given, prints what it did, leaves no key of its own there, and exits 0', async () => {
    const tokenFolder = join(folder, 'given');
    const environment = { SOFTHSM2_CONF: writeSoftHsmConfiguration(tokenFolder) };
    const pinFile = join(tokenFolder, 'pin');
    writeFileSync(pinFile, '12345678\n', { mode: 0o600 });
    const module = softHsmModule() ?? '';
    Object.assign(process.env, environment);
    initialiseToken(module, 'given', 'so-pin-1', '12345678');
    const { code, stdout, stderr } = await sigillo(
      ...`torture --steps 40 --stations 4 --seed 5 --folder ${folder} --json`.split(' '),
      ...`--module ${module} --token-label given --pin-file ${pinFile}`.split(' '),
      ...`--token-environment SOFTHSM2_CONF=${environment.SOFTHSM2_CONF}`.split(' '),
      ...'--key-algorithm csca=ecdsa-P-384-sha384 --key-algorithm log=ecdsa-P-256-sha256'.split(' '),
    );
    expect(stderr).toBe('');
    const printed = JSON.parse(stdout) as TortureResult & { seed: number };
    expect(printed).toMatchObject({ seed: 5, interrupted: false, breaches: [] });
    expect(printed.recorded).toBe(printed.totals.answered);
    expect(code).toBe(0);
    // The health key.
    const token = Pkcs11Token.open({ module, tokenLabel: 'given', pinFile });
    expect((await token.status()).keys).toBe(1);
  });

  it.runIf(mayMount)('really fills a small file system, and finds everything whole on it', async () => {
    const disk = SmallDisk.mount(131_072) ?? expect.fail('mounting was tried before');
    try {
      const { code, stdout } = await sigillo(
        ...`torture --steps 110 --seed 51557 --stations 8 --folder ${disk.folder} --json`.split(' '),
      );
      const printed = JSON.parse(stdout) as TortureResult;
      expect(printed).toMatchObject({ fullDisk: 'filled', breaches: [] });
      expect(printed.totals.disturbances).toEqual({ 'full-disk': 1 });
      expect(printed.totals.sentAgain).toBeGreaterThan(0);
      expect(printed.recorded).toBe(printed.totals.answered);
      expect(code).toBe(0);
    } finally {
      disk.unmount();
    }
  });

  it('refuses a token that it is not told enough about, and an instance that serves a state', async () => {
    const { code, stderr } = await sigillo('torture', '--module', softHsmModule() ?? '');
    expect(`${code} ${stderr}`).toMatch(/^1 .*--token-label.*is missing/);
    const path = join(home, 'sigillo.yaml');
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace('environment: development', 'environment: production'),
    );
    const refused = await sigillo('torture', '--home', home);
    expect(`${refused.code} ${refused.stderr}`).toMatch(/^1 .*only a development instance/);
    const kept = await sigillo('torture', '--discard', home);
    expect(`${kept.code} ${kept.stderr}`).toMatch(/^1 .*was not made by sigillo torture/);
  });

  it('ends on Ctrl-C, and leaves no process and no folder behind', async () => {
    const child = spawn(process.execPath, [mainModule, 'torture', '--stations', '2'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('instance ') && !child.killed) setTimeout(() => child.kill('SIGINT'), 3_000);
    });
    const [code] = (await once(child, 'exit')) as [number];
    const instance = /instance (\S+)/.exec(output)?.[1] ?? '';
    expect(instance).not.toBe('');
    expect(existsSync(instance)).toBe(false);
    expect(output).toMatch(/again: sigillo torture --stations 2 --seed \d+/);
    expect(code).toBe(1);
  });
});

function mountsOnTrial(): boolean {
  const disk = SmallDisk.mount(64);
  disk?.unmount();
  return disk !== undefined;
}

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
