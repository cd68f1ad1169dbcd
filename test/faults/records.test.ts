import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Answers } from '../../src/app/torture/answers.ts';
import { FaultyFiles } from '../support/faulty-files.ts';
import { mainModule, makeTestInstance, type TestInstance } from '../support/instance.ts';
import { documentSignerUses, recordsSnapshot, rowsOf } from '../support/records-snapshot.ts';
import { newOrder, recordsPath, Served, sigillo, untilAnswered } from '../support/served.ts';
import { SmallDisk } from '../support/small-disk.ts';
import type { Answer, Station } from '../support/station.ts';
import { expectWhole } from '../support/whole-records.ts';

// Whole services are started and killed; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let served: Served | undefined;
let stations: Station[] = [];
afterEach(async () => {
  for (const station of stations) station.close();
  stations = [];
  await served?.kill();
  served = undefined;
});

async function startReady(
  instance: TestInstance,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ service: Served; client: Station }> {
  const service = new Served(instance, environment);
  served = service;
  await service.untilReady();
  const client = service.station();
  stations.push(client);
  return { service, client };
}

function expectUnavailable(answer: Answer, mend: RegExp): void {
  expect(answer.status).toBe(503);
  expect(answer.json()).toMatchObject({
    type: 'urn:sigillo:problem:records-unavailable',
    mend: expect.stringMatching(mend),
  });
}

describe('the database is locked by another process', () => {
  let instance: TestInstance;
  beforeEach(async () => {
    instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
  });
  afterEach(() => instance.remove());

  it('refuses new requests with what mends it, signs nothing, answers repeats, and heals', async () => {
    const { service, client } = await startReady(instance);
    const early = newOrder();
    const signed = await client.post('/v1/sods', early);
    expect(signed.status).toBe(201);
    const before = recordsSnapshot(instance.home);

    const unlock = await lockInOtherProcess(recordsPath(instance.home));
    const late = newOrder();
    const refused = await Promise.all([client.post('/v1/sods', late), client.post('/v1/sods', newOrder())]);
    for (const answer of refused) expectUnavailable(answer, /another process holds the database/);
    await service.untilNotReady(/locked/);
    const repeated = await client.post('/v1/sods', early);
    expect(repeated.status).toBe(200);
    expect(repeated.json()).toEqual(signed.json());
    expect(recordsSnapshot(instance.home)).toEqual(before);

    await unlock();
    await service.untilReady();
    expect((await client.post('/v1/sods', late)).status).toBe(201);
    expect(documentSignerUses(recordsSnapshot(instance.home))).toBe(documentSignerUses(before) + 1);
    await expectWhole(instance.home);
  });

  it('for a moment at a time, under load: nobody notices', async () => {
    const { client } = await startReady(instance);
    let isOver = false;
    const locker = (async () => {
      while (!isOver) {
        const other = new DatabaseSync(recordsPath(instance.home), { timeout: 5_000 });
        other.exec('BEGIN EXCLUSIVE');
        await new Promise((resolve) => setTimeout(resolve, 30));
        other.exec('ROLLBACK');
        other.close();
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    })();
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => client.post('/v1/sods', newOrder())));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    }
    isOver = true;
    await locker;
  });
});

/** @returns gives the lock back */
async function lockInOtherProcess(path: string): Promise<() => Promise<void>> {
  const script = `const { DatabaseSync } = require('node:sqlite');
    const database = new DatabaseSync(process.argv[1], { timeout: 10_000 });
    database.exec('BEGIN EXCLUSIVE');
    process.stdout.write('locked');
    process.stdin.resume();
    process.stdin.on('end', () => process.exit(0));`;
  const child = spawn(process.execPath, ['--eval', script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.end();
    await once(child, 'exit');
  };
}

describe('the disk turns read-only while it serves', () => {
  const files = new FaultyFiles();
  let instance: TestInstance;
  beforeEach(async () => {
    instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
  });
  afterEach(async () => {
    await served?.kill();
    instance.remove();
  });
  afterAll(() => files.remove());

  it.each([
    ['while nothing is under way', 0],
    ['under load', 200],
  ])('%s: stations are told so, repeats are answered, nothing is lost, and it heals', async (_, load) => {
    const { service, client } = await startReady(instance, files.environment(instance.home));
    const answers = new Answers();
    const send = async (body: ReturnType<typeof newOrder>) => {
      const answer = await client.post('/v1/sods', body);
      if (answer.status < 300) answers.note(body as never, answer.json());
      return answer;
    };
    const early = newOrder();
    expect((await send(early)).status).toBe(201);
    const underWay = Array.from({ length: load }, () => newOrder()).map(
      async (body) => [body, await send(body)] as const,
    );
    if (load > 0) await Promise.race(underWay);
    files.setReadOnly(true);
    const refused = (await Promise.all(underWay)).filter(([, { status }]) => status !== 201);
    const late = newOrder();
    for (const [, answer] of [...refused, [late, await send(late)] as const]) {
      expectUnavailable(answer, /the disk reports errors: look at the system log/);
    }
    await service.untilNotReady(/I\/O|could not be synced/);
    const repeat = await send(early);
    if (!(await isLost(service))) expect(repeat.status).toBe(200);
    const before = recordsSnapshot(instance.home);
    expect((await send(late)).status).toBe(503);
    expect(recordsSnapshot(instance.home)).toEqual(before);

    files.setReadOnly(false);
    const healed = await writesAgain(service, client);
    for (const body of [late, ...refused.map(([order]) => order)]) {
      answers.note(body as never, (await untilAnswered(healed, body)).json());
    }
    const again = await healed.post('/v1/sods', early);
    expect(again.status).toBe(200);
    answers.note(early as never, again.json());
    expect(answers.breaches).toEqual([]);
    await expectWhole(instance.home, answers.snapshot());
  });

  /** By itself; where a sync had failed, what the disk has is not known, and it is started again as the mend says. */
  async function writesAgain(service: Served, client: Station): Promise<Station> {
    if (await isLost(service)) {
      await service.stop();
      return (await startReady(instance)).client;
    }
    await service.untilReady();
    return client;
  }

  async function isLost(service: Served): Promise<boolean> {
    const { reasons = [] } = (await service.health()) ?? {};
    return reasons.some((reason) => reason.includes('could not be synced'));
  }
});

const canMount = mayMount();
if (!canMount)
  console.warn(
    'disks that are full, or read-only at the start, are not tested: this user may not mount a tmpfs',
  );

function mayMount(): boolean {
  const disk = SmallDisk.mount(64);
  disk?.unmount();
  return disk !== undefined;
}

describe.runIf(canMount)('the disk of the records', () => {
  let disk: SmallDisk;
  let instance: TestInstance;
  const answers = new Answers();

  beforeEach(async () => {
    disk = mounted(16_384);
    instance = await onDisk(disk);
  });
  afterEach(async () => {
    await served?.kill();
    disk.unmount();
  });

  /** Sends orders until one is refused. */
  async function untilRefused(
    client: Station,
  ): Promise<{ body: ReturnType<typeof newOrder>; answer: Answer }> {
    for (;;) {
      const body = newOrder();
      const answer = await client.post('/v1/sods', body);
      if (answer.status === 503) return { body, answer };
      expect(answer.status).toBe(201);
      answers.note(body as never, answer.json());
    }
  }

  it('is full: what mends it is said, nothing is lost, and space heals', async () => {
    const { service, client } = await startReady(instance);
    disk.fill();
    const { body, answer } = await untilRefused(client);
    expectUnavailable(answer, /disk is full/);
    await service.untilNotReady(/full|I\/O/);
    const repeats = [...answers.snapshot().values()].slice(-3);
    for (const { order: early } of repeats) {
      const repeated = await client.post('/v1/sods', early);
      expect(repeated.status).toBe(200);
      answers.note(early, repeated.json());
    }
    const uses = documentSignerUses(recordsSnapshot(instance.home));
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect((await client.post('/v1/sods', body)).status).toBe(503);
    }
    expect(documentSignerUses(recordsSnapshot(instance.home))).toBe(uses);

    disk.free();
    await service.untilReady();
    const late = await untilAnswered(client, body);
    answers.note(body as never, late.json());
    expect(answers.breaches).toEqual([]);
    await expectWhole(instance.home, answers.snapshot());
  });

  it('is full when everything is killed: it starts by itself once there is space', async () => {
    const first = await startReady(instance);
    disk.fill();
    const { body } = await untilRefused(first.client);
    await first.service.kill();
    const second = new Served(instance);
    served = second;
    // Whether it serves or refuses to start: it says why, and breaks nothing.
    const reason = /full|I\/O|ENOSPC|remembered|unable to open/;
    await Promise.race([
      second.untilNotReady(reason),
      second.ended().then(() => {
        expect(second.log).toMatch(reason);
        expect(second.log).toMatch(/mend: /);
        expect(second.log).not.toMatch(/unexpected/);
      }),
    ]);
    await second.kill();
    disk.free();
    const third = await startReady(instance);
    expect((await untilAnswered(third.client, body)).status).toBeLessThan(300);
    await expectWhole(instance.home);
  });

  it('is read-only at the start: refused with what mends it; nothing is lost', async () => {
    const { service, client } = await startReady(instance);
    const early = newOrder();
    answers.note(early as never, (await client.post('/v1/sods', early)).json());
    // Open files keep a disk from becoming read-only, so it does while nothing is served.
    await service.stop();
    disk.setReadOnly(true);
    const { code, stdout, stderr } = await sigillo('serve', '--home', instance.home);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^sigillo: .*\n {2}mend: /);
    expect(stderr + stdout).not.toMatch(/unexpected/);
    disk.setReadOnly(false);
    const again = await startReady(instance);
    const repeated = await again.client.post('/v1/sods', early);
    expect(repeated.status).toBe(200);
    answers.note(early as never, repeated.json());
    expect(answers.breaches).toEqual([]);
    await expectWhole(instance.home);
  });
});

describe.runIf(canMount)('the token is full', () => {
  let disk: SmallDisk;
  let instance: TestInstance;

  beforeEach(async () => {
    disk = mounted(4_096);
    instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
    const tokens = join(instance.home, 'token', 'tokens');
    cpSync(tokens, join(disk.folder, 'tokens'), { recursive: true });
    rmSync(tokens, { recursive: true });
    symlinkSync(join(disk.folder, 'tokens'), tokens);
  });
  afterEach(async () => {
    await served?.kill();
    instance.remove();
    disk.unmount();
  });

  async function expectMadeOnce(): Promise<void> {
    expectOneOfEach(instance.home);
    const { service, client } = await startReady(instance);
    expect((await client.post('/v1/sods', newOrder())).status).toBe(201);
    // The token's own health key is on no record.
    expect(tokenKeys(service)).toBe(keysOnRecord(instance.home) + 1);
    await expectWhole(instance.home);
  }

  it('refuses the making of keys with what mends it; init goes on once there is space', async () => {
    disk.fill();
    const refused = await sigillo('init', '--home', instance.home);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^sigillo: token: generating key pair .*\n {2}mend: .*(full|disk)/);
    expect(keysOnRecord(instance.home)).toBe(0);
    disk.free();
    const made = await sigillo('init', '--home', instance.home);
    expect(`${made.code} ${made.stderr}`).toBe('0 ');
    await expectMadeOnce();
  });

  it('after any key: what was made stays, what was not is made later, and nothing twice', async () => {
    for (let refused = 0; refused < 4; refused += 1) {
      const init = spawn(process.execPath, [mainModule, 'init', '--home', instance.home], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      init.stdout.once('data', () => disk.fill());
      await once(init, 'exit');
      disk.free();
    }
    const { code, stderr } = await sigillo('init', '--home', instance.home);
    expect(`${code} ${stderr}`).toBe('0 ');
    await expectMadeOnce();
  });
});

describe.runIf(canMount)('disk of token and records in one', () => {
  it('is full whenever something is made: init goes on once there is space, and makes nothing twice', async () => {
    const disk = mounted(16_384);
    try {
      const instance = await onDisk(disk);
      for (let refused = 0; refused < 6; refused += 1) {
        const init = spawn(process.execPath, [mainModule, 'init', '--home', instance.home], {
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        if (refused === 0) disk.fill();
        init.stdout.once('data', () => disk.fill());
        let stderr = '';
        init.stderr.on('data', (chunk: Buffer) => {
          stderr += chunk.toString();
        });
        const [code] = (await once(init, 'exit')) as [number];
        if (code !== 0) expect(stderr).toMatch(/^sigillo: .*\n {2}mend: /);
        expect(stderr).not.toMatch(/unexpected/);
        disk.free();
      }
      const { code, stderr } = await sigillo('init', '--home', instance.home);
      expect(`${code} ${stderr}`).toBe('0 ');
      expectOneOfEach(instance.home);
      const { service, client } = await startReady(instance);
      expect((await client.post('/v1/sods', newOrder())).status).toBe(201);
      // The token's own health key is on no record.
      expect(tokenKeys(service)).toBe(keysOnRecord(instance.home) + 1);
      await expectWhole(instance.home);
      await service.kill();
    } finally {
      disk.unmount();
    }
  });
});

function mounted(kibibytes: number): SmallDisk {
  const disk = SmallDisk.mount(kibibytes);
  if (disk === undefined) throw new Error('unreachable: mounting was tried before');
  return disk;
}

async function onDisk(disk: SmallDisk): Promise<TestInstance> {
  const { TMPDIR } = process.env;
  process.env['TMPDIR'] = disk.folder;
  try {
    return await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
  } finally {
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
  }
}

/** One key and one certificate of each planned profile, one CRL, one master list; certificates that can be read. */
function expectOneOfEach(home: string): void {
  const count = (sql: string) => Number(rowsOf(home, sql)[0]?.['rows']);
  for (const [profile, role] of [
    ['csca', 'csca'],
    ['access-ca', 'access-ca'],
    ['dsc-test-0', 'document-signer'],
    ['master-list-signer', 'master-list-signer'],
  ]) {
    expect(count(`SELECT count(*) AS rows FROM keys WHERE role = '${role}'`), `keys of ${role}`).toBe(1);
    const certificates = count(`SELECT count(*) AS rows FROM certificates WHERE profile = '${profile}'`);
    expect(certificates, `certificates of ${profile}`).toBe(1);
  }
  expect(count('SELECT count(*) AS rows FROM crls')).toBe(1);
  expect(count('SELECT count(*) AS rows FROM master_lists')).toBe(1);
  for (const holder of ['server', 'station']) {
    for (const file of ['cert.pem', 'key.pem', 'ca.pem']) {
      expect(readFileSync(join(home, 'credentials', holder, file), 'utf8')).toMatch(/-----END .*-----\n$/);
    }
  }
}

function keysOnRecord(home: string): number {
  return Number(rowsOf(home, 'SELECT count(*) AS rows FROM keys')[0]?.['rows']);
}

/** Private keys on the token, as the signer told when it got ready. */
function tokenKeys(service: Served): number {
  return Number(/"keys":(\d+)/.exec(service.log)?.[1]);
}
