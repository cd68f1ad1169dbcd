import { cpSync, mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { RecordsExaminer } from '../../src/app/torture/records-examiner.ts';
import { makeTestInstance, serve, type TestInstance } from '../support/instance.ts';
import {
  eventually,
  newRequestId,
  recordsPath,
  Served,
  sigillo,
  sodRequest,
  untilAnswered,
} from '../support/served.ts';
import type { Answer, Station } from '../support/station.ts';

/**
 * `count: 2`: two Document Signers of a profile take turns, each with its key on a token of its own. In order: they
 * share the work; one is out of reach and comes back; their limits are reached one after the other.
 */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const profile = 'dsc-test-0';
const limit = 40;

let instance: TestInstance;
let service: Served;
let station: Station;

beforeAll(async () => {
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
  await (await serve(instance.home, instance.portBase)).stop();
  cloneToken();
  limitUses();
  // One key on each token: what is made while the other token is away.
  await withoutToken('token', rotate);
  await withoutToken('second', rotate);
  const [first] = documentSigners();
  const revoked = await sigillo(
    'revoke',
    first?.serialNumber ?? '',
    '--reason',
    'superseded',
    '--home',
    instance.home,
  );
  expect(revoked.stderr).toBe('');
  configure((configuration) => {
    configuration.keys.documentSigners[0] = { ...configuration.keys.documentSigners[0], count: 2 };
  });
  service = new Served(instance);
  await service.untilReady();
  await eventually('both tokens', () => service.signerPids.length === 2);
  station = service.station();
});
afterAll(async () => {
  station?.close();
  await service?.kill();
  instance?.remove();
});

interface Configuration {
  token: Record<string, unknown>;
  otherTokens?: Record<string, unknown>[];
  keys: { documentSigners: Record<string, unknown>[] };
}

function configure(change: (configuration: Configuration) => void): void {
  const path = join(instance.home, 'sigillo.yaml');
  const configuration = parse(readFileSync(path, 'utf8')) as Configuration;
  change(configuration);
  writeFileSync(path, stringify(configuration));
}

/** SoftHSM gives no key away: the second token is a copy of the first one's folder. */
function cloneToken(): void {
  const second = join(instance.home, 'second');
  mkdirSync(second);
  cpSync(join(instance.home, 'token/tokens'), join(second, 'tokens'), { recursive: true });
  const softHsm = readFileSync(join(instance.home, 'token/softhsm2.conf'), 'utf8');
  writeFileSync(
    join(second, 'softhsm2.conf'),
    softHsm.replace(/tokendir = .*/, `tokendir = ${second}/tokens`),
  );
  cpSync(join(instance.home, 'secrets/pin'), join(instance.home, 'secrets/second-pin'));
  configure((configuration) => {
    const environment = { SOFTHSM2_CONF: './second/softhsm2.conf' };
    const pinFile = 'secrets/second-pin';
    configuration.otherTokens = [
      { ...configuration.token, environment, pinFile, name: 'second', preference: 1 },
    ];
  });
}

function limitUses(): void {
  const path = join(instance.home, 'policies', `${profile}.yaml`);
  writeFileSync(path, readFileSync(path, 'utf8').replace(/usageLimit: \d+/, `usageLimit: ${limit}`));
}

/** Takes a token away while something is done. */
async function withoutToken(folder: string, work: () => Promise<void>): Promise<void> {
  const [there, aside] = [join(instance.home, folder, 'tokens'), join(instance.home, `${folder}-aside`)];
  renameSync(there, aside);
  mkdirSync(there);
  try {
    await work();
  } finally {
    rmdirSync(there);
    renameSync(aside, there);
  }
}

async function rotate(): Promise<void> {
  const { code, stderr } = await sigillo('rotate', profile, '--home', instance.home);
  expect([code, stderr]).toEqual([0, '']);
}

interface SignerOnRecord {
  readonly serialNumber: string;
  readonly sha256: string;
  readonly keyId: string;
  readonly uses: number;
}

function query(sql: string, ...parameters: string[]) {
  const database = new DatabaseSync(recordsPath(instance.home), { readOnly: true });
  try {
    return database.prepare(sql).all(...parameters);
  } finally {
    database.close();
  }
}

/** In the order in which they were made. */
function documentSigners(): readonly SignerOnRecord[] {
  return query(
    `SELECT c.serial_number serial, c.sha256, k.key_id, k.uses FROM certificates c
     JOIN keys k ON k.key_id = c.key_id WHERE c.profile = ? ORDER BY k.created_at`,
    profile,
  ).map((row) => ({
    serialNumber: String(row['serial']),
    sha256: String(row['sha256']),
    keyId: String(row['key_id']),
    uses: Number(row['uses']),
  }));
}

const order = () => sodRequest(newRequestId(), 'PA');

async function signOne(): Promise<Answer> {
  return station.post('/v1/sods', order());
}

/** How many of them each Document Signer signed, by the SHA-256 of its certificate. */
function spread(answers: readonly Answer[]): ReadonlyMap<string, number> {
  const groups = Map.groupBy(answers, (answer) => String(answer.json()['documentSigner']));
  return new Map([...groups].map(([signer, own]) => [signer, own.length]));
}

const signers = () => documentSigners().slice(1, 3);

/** The signer of a token, as the log tells it. */
function pidOf(token: string): number {
  const ready = service.log.split('\n').filter((line) => line.includes(`"kind":"ready"`));
  const last = ready.map((line) => JSON.parse(line) as { token: string; signerPid: number });
  return last.findLast((event) => event.token === token)?.signerPid ?? 0;
}

async function signMany(count: number): Promise<readonly Answer[]> {
  const answers = await Promise.all(Array.from({ length: count }, signOne));
  for (const { status } of answers) expect(status).toBe(201);
  return answers;
}

describe('two Document Signers of a profile', () => {
  it('take turns, one after the other and many at a time, and each use is counted with its key', async () => {
    const before = signers();
    const answers: Answer[] = [];
    for (let i = 0; i < 6; i += 1) answers.push(await signOne());
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(201));
    const each = answers.map((answer) => answer.json()['documentSigner']);
    expect(each).toEqual([0, 1, 2, 3, 4, 5].map((index) => each[index % 2]));
    expect(new Set(each)).toEqual(new Set(before.map(({ sha256 }) => sha256)));
    expect([...spread(await signMany(6)).values()]).toEqual([3, 3]);
    expect(signers().map(({ uses }, index) => uses - (before[index]?.uses ?? 0))).toEqual([6, 6]);
  });

  it('when the token of one is gone the other signs all, without a refusal, until it is back', async () => {
    const before = signers();
    const [, kept] = before;
    await withoutToken('second', async () => {
      const answers = signMany(10);
      process.kill(pidOf('second'), 'SIGKILL');
      await answers;
      await eventually('its failure', () => /"token":"second".*signer failed to start/.test(service.log));
      expect([...spread(await signMany(4))]).toEqual([[kept?.sha256, 4]]);
      expect(await service.health()).toMatchObject({
        ready: true,
        degraded: [expect.stringMatching(/^token second: /)],
      });
    });
    await eventually('both tokens', () => service.signerPids.length === 2);
    expect([...spread(await signMany(4)).values()]).toEqual([2, 2]);
    const examiner = new RecordsExaminer(recordsPath(instance.home), () => new Date());
    await eventually('no open intent', () => examiner.examine(new Map(), true).length === 0);
  });

  it('have each its own limit: when one has reached it the other goes on, and then their next ones', async () => {
    while (signers().some(({ uses }) => uses < 0.8 * limit)) await signMany(2);
    await eventually('their next ones', () => documentSigners().length === 5);
    const left = signers().reduce((sum, { uses }) => sum + limit - uses, 0);
    expect(left).toBeGreaterThan(0);
    const answers: Answer[] = [];
    // The first one that is signed by a next one may come before that one is published.
    while (answers.length < left + 10) answers.push(await untilAnswered(station, order()));
    expect(signers().map(({ uses }) => uses)).toEqual([limit, limit]);
    for (const { uses } of documentSigners()) expect(uses).toBeLessThanOrEqual(limit);
    expect(spread(answers).size).toBeGreaterThan(2);
  });
});
