import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configure } from '../support/configuration.ts';
import { makeTestInstance, serve, type TestInstance } from '../support/instance.ts';
import { recordsSnapshot } from '../support/records-snapshot.ts';
import { cloneToken } from '../support/second-token.ts';
import { eventually, newOrder, Served, sigillo } from '../support/served.ts';
import { setAside } from '../support/set-aside.ts';
import type { Station } from '../support/station.ts';
import { expectWhole } from '../support/whole-records.ts';

// Whole services are started; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let instance: TestInstance;
let served: Served | undefined;
let client: Station | undefined;

beforeEach(async () => {
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
  await (await serve(instance.home, instance.portBase)).stop();
});
afterEach(async () => {
  client?.close();
  await served?.kill();
  [client, served] = [undefined, undefined];
  instance.remove();
});

/** Starts it with both tokens. */
async function start(preference: number, limits = {}): Promise<{ service: Served; station: Station }> {
  cloneToken(instance.home, preference);
  configure(instance.home, { limits });
  const service = new Served(instance);
  served = service;
  await service.untilReady();
  await eventually('both tokens', () => service.signerPids.length === 2);
  client = service.station();
  return { service, station: client };
}

describe('two tokens with the same keys', () => {
  it('the second takes over when the first is gone, without a refusal, and gives back when it is there', async () => {
    const { service, station } = await start(2);
    for (let i = 0; i < 5; i += 1) expect((await station.post('/v1/sods', newOrder())).status).toBe(201);
    const giveBack = setAside(join(instance.home, 'token/tokens'), { isEmptied: true });
    const orders = Array.from({ length: 40 }, () => newOrder());
    const answers = Promise.all(orders.map((body) => station.post('/v1/sods', body)));
    process.kill(service.signerOf('token'), 'SIGKILL');
    for (const { status } of await answers) expect(status).toBe(201);
    await eventually('the log says so', () => service.log.includes('"kind":"takes-over","token":"second"'));
    await eventually('its failure', () => /"token":"token".*signer failed to start/.test(service.log));

    const health = await service.health();
    expect(health).toMatchObject({ ready: true, degraded: [expect.stringMatching(/^token token: /)] });
    const { stdout } = await sigillo('status', '--home', instance.home);
    expect(stdout).toMatch(/token {10}token: does not work: token: no token is labelled/);
    expect(stdout).toMatch(/token {10}second: works, 1 signers/);
    expect(stdout).toMatch(
      /^key {12}dsc-\S+-00001 +active +ecdsa-\S+, \d+ of 100000 uses, signs \S+ to \S+$/m,
    );
    expect(stdout).toMatch(/^key {12}csca-00001 +active /m);

    giveBack();
    await eventually('the first again', () => service.signerPids.length === 2);
    expect((await station.post('/v1/sods', newOrder())).status).toBe(201);
    await eventually('the log says so', () => service.log.includes('"kind":"takes-back","token":"token"'));
    expect(recordsSnapshot(instance.home).sods).toBe(46);
    await expectWhole(instance.home);
  });

  it('a token that hangs is found before the deadline, and the other answers within it', async () => {
    const { service, station } = await start(2, { deadlineMs: 6_000 });
    process.kill(service.signerOf('token'), 'SIGSTOP');
    const answers = await Promise.all(Array.from({ length: 10 }, () => station.post('/v1/sods', newOrder())));
    for (const { status } of answers) expect(status).toBe(201);
    expect(service.log).toContain('"kind":"hung"');
    await expectWhole(instance.home);
  });

  it('share the work where neither is preferred', async () => {
    const { service, station } = await start(1);
    await Promise.all(Array.from({ length: 60 }, () => station.post('/v1/sods', newOrder())));
    const written = ['token', 'second'].map((token) => {
      const io = readFileSync(`/proc/${service.signerOf(token)}/io`, 'utf8');
      return Number(/wchar: (\d+)/.exec(io)?.[1]);
    });
    // Sixty EF.SODs of some 2 kB each went through both.
    expect(Math.min(...written)).toBeGreaterThan(20_000);
    await expectWhole(instance.home);
  });

  it('a new key that is on one of them only does no harm to the other', async () => {
    const { service, station } = await start(1);
    const rotated = await sigillo('rotate', 'dsc-test-0', '--home', instance.home);
    expect(rotated.stderr).toBe('');
    expect(rotated.code).toBe(0);
    for (let i = 0; i < 10; i += 1) expect((await station.post('/v1/sods', newOrder())).status).toBe(201);
    expect(await service.health()).toMatchObject({ ready: true, degraded: [] });
    await expectWhole(instance.home);
  });
});
