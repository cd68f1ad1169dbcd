import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { changeConfiguration } from '../support/configuration.ts';
import { makeTestInstance, serve, type TestInstance } from '../support/instance.ts';
import { rowsOf } from '../support/records-snapshot.ts';
import { cloneToken } from '../support/second-token.ts';
import { eventually, newOrder, Served, sigillo, untilAnswered } from '../support/served.ts';
import { setAside } from '../support/set-aside.ts';
import type { Answer, Station } from '../support/station.ts';
import { expectWhole } from '../support/whole-records.ts';

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
  cloneToken(instance.home, 1);
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
  changeConfiguration(instance.home, ({ keys }) => {
    keys.documentSigners[0] = { ...keys.documentSigners[0], count: 2 };
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

function limitUses(): void {
  const path = join(instance.home, 'policies', `${profile}.yaml`);
  writeFileSync(path, readFileSync(path, 'utf8').replace(/usageLimit: \d+/, `usageLimit: ${limit}`));
}

/** Takes a token away while something is done. */
async function withoutToken(folder: string, work: () => Promise<void>): Promise<void> {
  const giveBack = setAside(join(instance.home, folder, 'tokens'), { isEmptied: true });
  try {
    await work();
  } finally {
    giveBack();
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

/** In the order in which they were made. */
function documentSigners(): readonly SignerOnRecord[] {
  return rowsOf(
    instance.home,
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

async function signOne(): Promise<Answer> {
  return station.post('/v1/sods', newOrder());
}

/** How many of them each Document Signer signed, by the SHA-256 of its certificate. */
function spread(answers: readonly Answer[]): ReadonlyMap<string, number> {
  const groups = Map.groupBy(answers, (answer) => String(answer.json()['documentSigner']));
  return new Map([...groups].map(([signer, own]) => [signer, own.length]));
}

const signers = () => documentSigners().slice(1, 3);

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
      process.kill(service.signerOf('second'), 'SIGKILL');
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
    await expectWhole(instance.home);
  });

  it('have each its own limit: when one has reached it the other goes on, and then their next ones', async () => {
    while (signers().some(({ uses }) => uses < 0.8 * limit)) await signMany(2);
    await eventually('their next ones', () => documentSigners().length === 5);
    const left = signers().reduce((sum, { uses }) => sum + limit - uses, 0);
    expect(left).toBeGreaterThan(0);
    const answers: Answer[] = [];
    // The first one that is signed by a next one may come before that one is published.
    while (answers.length < left + 10) answers.push(await untilAnswered(station, newOrder()));
    expect(signers().map(({ uses }) => uses)).toEqual([limit, limit]);
    for (const { uses } of documentSigners()) expect(uses).toBeLessThanOrEqual(limit);
    expect(spread(answers).size).toBeGreaterThan(2);
  });
});
