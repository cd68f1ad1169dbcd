import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { linesOf, ndjson, openBatch } from '../support/batch.ts';
import { configure } from '../support/configuration.ts';
import { makeTestInstance, serve, type TestInstance } from '../support/instance.ts';
import { recordsSnapshot } from '../support/records-snapshot.ts';
import { eventually, newOrder, Served, sigillo, untilAnswered } from '../support/served.ts';
import { setAside } from '../support/set-aside.ts';
import type { Answer, Station } from '../support/station.ts';
import { expectWhole } from '../support/whole-records.ts';

// Whole services are started and killed; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const countLogins = fileURLToPath(new URL('../hsm/count-logins.ts', import.meta.url));

let instance: TestInstance;
let served: Served | undefined;
let stations: Station[] = [];

beforeEach(async () => {
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 2 });
  // Made whole with its token, so that it lacks nothing.
  await (await serve(instance.home, instance.portBase)).stop();
});
afterEach(async () => {
  for (const station of stations) station.close();
  stations = [];
  await served?.kill();
  served = undefined;
  instance.remove();
});

function start(): Served {
  served = new Served(instance);
  return served;
}

function station(of: Served): Station {
  const opened = of.station();
  stations.push(opened);
  return opened;
}

function tokens({ home } = instance): string {
  return join(home, 'token/tokens');
}

function expectUnavailable(answer: Answer, detail: RegExp, status = 503): void {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toMatch('application/problem+json');
  expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  expect(answer.json()).toMatchObject({ status, detail: expect.stringMatching(detail) });
  expect(answer.json()['mend']).toEqual(expect.any(String));
  expect(answer.body.toString(), 'a path of the server').not.toContain(instance.home);
}

describe('the token is absent', () => {
  it.each([
    ['its folder is gone', 'token/tokens', /no token is labelled|loading PKCS#11 module/],
    ['its configuration is gone', 'token/softhsm2.conf', /no token is labelled|loading PKCS#11 module/],
  ])('at the start, %s: it serves, says so, signs nothing, and heals by itself', async (_, path, reason) => {
    const giveBack = setAside(join(instance.home, path));
    const before = recordsSnapshot(instance.home);
    const service = start();
    await service.untilNotReady(reason);
    const client = station(service);
    const body = newOrder();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expectUnavailable(await client.post('/v1/sods', body), reason);
    }
    expect(recordsSnapshot(instance.home)).toEqual(before);

    giveBack();
    await service.untilReady();
    expect((await client.post('/v1/sods', body)).status).toBe(201);
    await expectWhole(instance.home);
  });

  it('at the start, with an intent that a crash left open: it is completed when the token is back', async () => {
    const first = start();
    await first.untilReady();
    for (const pid of first.signerPids) process.kill(pid, 'SIGSTOP');
    const body = newOrder();
    const hanging = station(first)
      .post('/v1/sods', body)
      .catch(() => undefined);
    await eventually('an open intent', () => recordsSnapshot(instance.home).sodIntents === 1);
    for (const pid of first.signerPids) process.kill(pid, 'SIGKILL');
    await first.kill();
    await hanging;

    const giveBack = setAside(tokens());
    const before = recordsSnapshot(instance.home);
    const second = start();
    await second.untilNotReady(/token/);
    expectUnavailable(await station(second).post('/v1/sods', body), /token/);
    expect(recordsSnapshot(instance.home)).toEqual(before);
    giveBack();
    await expectWhole(instance.home);
    const answer = await untilAnswered(station(second), body);
    expect(answer.status).toBe(200);
  });

  it('while it serves: nothing is lost, and it heals by itself', async () => {
    const service = start();
    await service.untilReady();
    const client = station(service);
    const early = newOrder();
    const signed = await client.post('/v1/sods', early);
    await eventually('both signers', () => service.signerPids.length === 2);
    const giveBack = setAside(tokens(), { isEmptied: true });
    for (const pid of service.signerPids) process.kill(pid, 'SIGKILL');
    await service.untilNotReady(/no token is labelled/);
    const refused = await client.post('/v1/sods', newOrder());
    expectUnavailable(refused, /no token is labelled/);
    expect(refused.json()).toMatchObject({ rule: 'token-label', source: 'docs/tokens.md' });
    const repeated = await client.post('/v1/sods', early);
    expect(repeated.status).toBe(200);
    expect(repeated.json()).toEqual(signed.json());
    giveBack();
    await service.untilReady();
    expect((await client.post('/v1/sods', newOrder())).status).toBe(201);
    await expectWhole(instance.home);
  });

  it('makes an instance that lacks something refuse to start, and says what mends it', async () => {
    const lacking = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'] });
    try {
      const giveBack = setAside(tokens(lacking));
      const { code, stderr } = await sigillo('serve', '--home', lacking.home);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^sigillo: token: .*\n {2}mend: /);
      giveBack();
      const service = new Served(lacking);
      await service.untilReady();
      await service.stop();
    } finally {
      lacking.remove();
    }
  });
});

describe('the PIN in the file is wrong', () => {
  it('is tried once, whatever starts again how often, and the right one heals without a restart', async () => {
    const logins = join(instance.home, 'logins');
    writeFileSync(logins, '');
    const softHsm = { SOFTHSM2_CONF: './token/softhsm2.conf' };
    configure(instance.home, {
      token: { environment: { ...softHsm, NODE_OPTIONS: `--import=${countLogins}`, LOGIN_LOG: logins } },
    });
    const attempts = () => readFileSync(logins, 'utf8').split('\n').length - 1;
    const pinFile = join(instance.home, 'secrets', 'pin');
    const pin = readFileSync(pinFile, 'utf8');
    writeFileSync(pinFile, 'wrong-pin\n');

    const first = start();
    await first.untilNotReady(/PIN/);
    const startsTried = () => first.log.split('"signer failed to start"').length - 1;
    await eventually('four starts of a signer', () => startsTried() >= 4);
    const client = station(first);
    for (let request = 0; request < 3; request += 1) {
      expectUnavailable(await client.post('/v1/sods', newOrder()), /PIN/);
    }
    expect(attempts()).toBe(1);
    await first.kill();

    const second = start();
    await second.untilNotReady(/holds a PIN that the token has refused/);
    expect(attempts()).toBe(1);
    expect(recordsSnapshot(instance.home).sodIntents).toBe(0);

    writeFileSync(pinFile, pin);
    await second.untilReady();
    expect((await station(second).post('/v1/sods', newOrder())).status).toBe(201);
    await eventually('both signers', () => second.signerPids.length === 2);
    expect(attempts()).toBe(3);
    expect(existsSync(`${pinFile}.refused`)).toBe(false);
  });

  it('nor is one used that others could read', async () => {
    const pinFile = join(instance.home, 'secrets', 'pin');
    renameSync(pinFile, `${pinFile}.old`);
    writeFileSync(pinFile, readFileSync(`${pinFile}.old`), { mode: 0o644 });
    const service = start();
    await service.untilNotReady(/has mode 0644/);
    expectUnavailable(await station(service).post('/v1/sods', newOrder()), /mode 0644/);
    renameSync(`${pinFile}.old`, pinFile);
    await service.untilReady();
  });
});

describe('a signer process is lost', () => {
  it('killed under load, all of them, again and again: every request is answered', async () => {
    const service = start();
    await service.untilReady();
    const client = station(service);
    const orders = Array.from({ length: 120 }, () => newOrder());
    const answers = Promise.all(orders.map((body) => untilAnswered(client, body)));
    const killed = new Set<number>();
    // The log still has those of a round before, until the service has seen them end.
    const living = () => service.signerPids.filter((pid) => !killed.has(pid));
    for (let round = 0; round < 3; round += 1) {
      await eventually('a signer', () => living().length > 0);
      for (const pid of living()) {
        process.kill(pid, 'SIGKILL');
        killed.add(pid);
      }
    }
    for (const { status } of await answers) expect([200, 201]).toContain(status);
    await service.untilReady();
    await expectWhole(instance.home);
    expect(recordsSnapshot(instance.home).sods).toBe(orders.length);
  });

  it('hung: it is ended and replaced, and what it held is completed with the same bytes', async () => {
    configure(instance.home, { limits: { deadlineMs: 1_000 } });
    const service = start();
    await service.untilReady();
    await eventually('both signers', () => service.signerPids.length === 2);
    const hung = service.signerPids;
    for (const pid of hung) process.kill(pid, 'SIGSTOP');
    const client = station(service);
    const orders = Array.from({ length: 6 }, () => newOrder());
    const first = await Promise.all(orders.map((body) => client.post('/v1/sods', body)));
    for (const answer of first) {
      if (answer.status === 201) continue;
      expectUnavailable(answer, /signer/, 504);
      expect(answer.json()['outcome']).toBe('unknown');
    }
    await eventually('other signers', () => {
      const { signerPids } = service;
      return signerPids.length === 2 && signerPids.every((pid) => !hung.includes(pid));
    });
    for (const pid of hung) expect(existsSync(`/proc/${pid}`), `process ${pid} is ended`).toBe(false);
    const answers = await Promise.all(orders.map((body) => untilAnswered(client, body)));
    const again = await Promise.all(orders.map((body) => client.post('/v1/sods', body)));
    for (const [index, answer] of answers.entries()) {
      expect([200, 201]).toContain(answer.status);
      expect(again[index]?.json()).toEqual(answer.json());
      if (first[index]?.status === 201) expect(first[index].json()).toEqual(answer.json());
    }
    await expectWhole(instance.home);
    expect(recordsSnapshot(instance.home).sods).toBe(orders.length);
  });

  it('hung when the service is told to end: the service ends all the same, and takes it along', async () => {
    const service = start();
    await service.untilReady();
    await eventually('both signers', () => service.signerPids.length === 2);
    const [hung = 0] = service.signerPids;
    process.kill(hung, 'SIGSTOP');
    expect(await service.stop()).toBe(0);
    expect(existsSync(`/proc/${hung}`)).toBe(false);
  });
});

describe('the token is gone in the middle of a batch', () => {
  it('its lines are told when to come again, at once, and are signed on the same connection then', async () => {
    const service = start();
    await service.untilReady();
    const request = openBatch(instance);
    request.flushHeaders();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.setEncoding('utf8');
    let text = '';
    response.on('data', (more: string) => {
      text += more;
    });
    let sent = 0;
    /** The answers to these orders, once they are all there. */
    const send = async (orders: readonly object[]) => {
      const before = sent;
      sent += orders.length;
      request.write(ndjson(orders));
      const lines = () => linesOf(text.slice(0, text.lastIndexOf('\n') + 1)).slice(before);
      await eventually('all answers', () => lines().length === orders.length);
      return lines();
    };
    const [early, late] = [
      Array.from({ length: 40 }, () => newOrder()),
      Array.from({ length: 400 }, () => newOrder()),
    ];
    for (const { status } of await send(early)) expect(status).toBe(201);
    const giveBack = setAside(tokens());
    for (const pid of service.signerPids) process.kill(pid, 'SIGKILL');
    await service.untilNotReady(/no token is labelled|loading PKCS#11 module/);
    const told = await send(late);
    expect(new Set(told.map(({ requestId }) => requestId)).size).toBe(late.length);
    for (const line of told)
      expect(line).toMatchObject({ status: 503, retryAfter: 1, mend: expect.any(String) });
    const errors = service.log.split('\n').filter((line) => line.includes('"msg":"batch: '));
    expect(errors.length, 'one entry for all lines').toBeLessThanOrEqual(1);
    giveBack();
    await service.untilReady();
    for (const { status } of await send(late)) expect(status).toBe(201);
    request.end();
    await once(response, 'end');
    await expectWhole(instance.home);
    expect(recordsSnapshot(instance.home).sods).toBe(early.length + late.length);
  });
});

describe('the key is not on the token', () => {
  it('signs nothing, says so, and signs when the right token is back', async () => {
    const other = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'] });
    const pinFile = join(instance.home, 'secrets/pin');
    const giveBack = [setAside(tokens()), setAside(pinFile)];
    renameSync(tokens(other), tokens());
    renameSync(join(other.home, 'secrets/pin'), pinFile);
    other.remove();
    const service = start();
    await service.untilNotReady(/no key of a Document Signer in use/);
    const client = station(service);
    const body = newOrder();
    expectUnavailable(await client.post('/v1/sods', body), /no token that works has the key/);
    expect(recordsSnapshot(instance.home).sods).toBe(0);
    renameSync(tokens(), join(instance.home, 'wrong'));
    for (const each of giveBack) each();
    expect((await untilAnswered(client, body)).status).toBe(201);
    await expectWhole(instance.home);
  });
});
