import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { healthKey } from '../../hsm/health-key.ts';
import { softHsmModule } from '../../hsm/softhsm.ts';
import { ndjson, sendBatch } from '../support/batch.ts';
import { changeConfiguration } from '../support/configuration.ts';
import { FaultyToken } from '../support/faulty-token.ts';
import { makeTestInstance, serve, type TestInstance } from '../support/instance.ts';
import { schemaViolations } from '../support/json-schema.ts';
import { documentSignerUses, recordsSnapshot } from '../support/records-snapshot.ts';
import { eventually, metric, newOrder, Served, sigillo, untilAnswered } from '../support/served.ts';
import { type Answer, Station } from '../support/station.ts';

/**
 * More is asked for than a slow token can do: what is turned away and how, that nobody keeps the others out, and what
 * becomes of whoever has named a deadline. Real stations over mTLS, a token that takes its time.
 */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let instance: TestInstance;
let token: FaultyToken;
let service: Served | undefined;
let limitsOfService = '';
let stations: Station[] = [];

beforeAll(async () => {
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
  token = new FaultyToken(join(instance.home, 'faulty'), softHsmModule() ?? '');
  await (await serve(instance.home, instance.portBase)).stop();
  const args = ['--role', 'station', '--home', instance.home];
  expect((await sigillo('credential', 'other-station', ...args)).code).toBe(0);
});
afterAll(async () => {
  await service?.stop();
  instance?.remove();
});
afterEach(() => {
  token.heal();
  for (const station of stations) station.close();
  stations = [];
});

/** A service with these limits, in front of the token that can be slow; the one before where it has them. */
async function start(limits: Record<string, number>): Promise<void> {
  const wanted = JSON.stringify(limits);
  if (service !== undefined && wanted === limitsOfService) return untilInFlight(0);
  limitsOfService = wanted;
  await service?.stop();
  let before = {};
  changeConfiguration(instance.home, (written) => {
    before = written.limits;
    written.limits = { ...before, deadlineMs: 30_000, ...limits };
    // A token that is slow is not hung.
    written.token = { ...written.token, module: token.module, hangMs: 60_000 };
  });
  service = new Served(instance);
  await service.untilReady();
  changeConfiguration(instance.home, (written) => {
    written.limits = before;
  });
}

function station(holder: string): Station {
  const { home, portBase: port } = instance;
  const made = new Station({ home, port, holder, maxSockets: 400 });
  stations.push(made);
  return made;
}

const orders = (count: number) => Array.from({ length: count }, () => newOrder());
const slow = (delayMs: number) => token.fail({ call: 'C_Sign', delayMs });
const uses = () => documentSignerUses(recordsSnapshot(instance.home));

/** Signatures that the token made with the Document Signer's key; the health key has another. */
function signatures(): number {
  return Math.max(
    0,
    ...[...token.signatures()].filter(([keyId]) => keyId !== healthKey.keyId).map(([, n]) => n),
  );
}

const inFlight = () => metric(instance.portBase, 'sigillo_sods_in_flight');

const untilInFlight = (count: number) =>
  eventually(`${count} in flight`, async () => (await inFlight()) === count);

async function expectProblem(answer: Answer | undefined, expected: object): Promise<void> {
  expect(answer?.headers['content-type']).toBe('application/problem+json');
  expect(answer?.json()).toMatchObject(expected);
  const seconds = Number(answer?.headers['retry-after']);
  expect(seconds).toBeGreaterThanOrEqual(1);
  expect(answer?.json()['retryAfter']).toBe(seconds);
  const openApi = (await station('station').get('/openapi.json')).json();
  expect(schemaViolations(openApi, { $ref: '#/components/schemas/Problem' }, answer?.json())).toEqual([]);
}

describe('the queue is full', () => {
  it('503 with Retry-After, nothing is begun, and the same request is signed later', async () => {
    await start({ maxInFlight: 2 });
    const [one, other] = [station('station'), station('other-station')];
    slow(1_500);
    const bodies = orders(3);
    const accepted = [one.post('/v1/sods', bodies[0]), other.post('/v1/sods', bodies[1])];
    await untilInFlight(2);
    const before = { uses: uses(), intents: recordsSnapshot(instance.home).sodIntents };
    const refused = await one.post('/v1/sods', bodies[2]);
    expect(refused.status).toBe(503);
    await expectProblem(refused, {
      type: 'urn:sigillo:problem:signer-unavailable',
      outcome: 'not-applied',
      mend: expect.stringMatching(/Retry-After/),
    });
    expect({ uses: uses(), intents: recordsSnapshot(instance.home).sodIntents }).toEqual(before);
    expect((await one.get(`/v1/sods/${bodies[2]?.requestId}`)).status).toBe(404);
    expect((await Promise.all(accepted)).map(({ status }) => status)).toEqual([201, 201]);
    token.heal();
    expect((await untilAnswered(one, bodies[2] ?? {})).status).toBe(201);
  });
});

describe('a station that sends hundreds of orders at once', () => {
  it('has no more than is configured for one station', async () => {
    await start({ maxInFlight: 160, maxInFlightPerStation: 3 });
    const flooding = station('station');
    slow(800);
    const answers = orders(3).map((body) => flooding.post('/v1/sods', body));
    await untilInFlight(3);
    expect((await flooding.post('/v1/sods', newOrder())).status).toBe(429);
    token.heal();
    for (const { status } of await Promise.all(answers)) expect(status).toBe(201);
  });

  it('gets 429 beyond its share, and the orders of another one are signed before its own', async () => {
    await start({ maxInFlight: 160 });
    const [flooding, other] = [station('station'), station('other-station')];
    await Promise.all([newOrder(), newOrder()].map((body) => other.post('/v1/sods', body)));
    slow(40);
    let signed = 0;
    const flood = orders(200).map(async (body) => {
      const answer = await flooding.post('/v1/sods', body);
      if (answer.status === 201) signed += 1;
      return { body, answer };
    });
    await eventually('its share to be taken', async () => (await inFlight()) >= 79);
    const first = await other.post('/v1/sods', newOrder());
    expect([first.status, signed < 60]).toEqual([201, true]);
    const others = await Promise.all(orders(20).map((body) => other.post('/v1/sods', body)));
    for (const { status } of others) expect(status).toBe(201);
    const answers = await Promise.all(flood);
    const turnedAway = answers.filter(({ answer }) => answer.status !== 201);
    expect(turnedAway.length).toBeGreaterThan(0);
    for (const { answer } of turnedAway) expect(answer.status).toBe(429);
    await expectProblem(turnedAway[0]?.answer, {
      type: 'urn:sigillo:problem:too-many',
      rule: 'station-share',
      detail: expect.stringMatching(/requests of station .+ its share/),
      mend: expect.stringMatching(/Retry-After/),
    });
    token.heal();
    const again = turnedAway[0]?.body ?? {};
    expect((await untilAnswered(flooding, again)).status).toBe(201);
  });
});

describe('a batch on a slow token', () => {
  it('keeps no single order waiting, of its own station or another, and none of its lines is refused', async () => {
    await start({ maxInFlight: 160 });
    const singles = [station('station'), station('other-station')];
    for (const single of singles) await single.post('/v1/sods', newOrder());
    slow(20);
    const batch = sendBatch(instance, [ndjson(orders(300))]);
    await eventually('its window to be full', async () => (await inFlight()) >= 60);
    for (const single of singles) {
      const before = await metric(instance.portBase, 'sigillo_sod_requests_total{outcome="signed"}');
      expect((await single.post('/v1/sods', newOrder())).status).toBe(201);
      // Some lie ready in the signer's pipe; the rest of the 80 lines under way comes after it.
      expect(
        (await metric(instance.portBase, 'sigillo_sod_requests_total{outcome="signed"}')) - before,
      ).toBeLessThan(50);
    }
    token.heal();
    const { lines } = await batch;
    expect(lines).toHaveLength(300);
    expect(new Set(lines.map(({ status }) => status))).toEqual(new Set([201]));
  });
});

describe('a deadline that the caller names (Prefer: wait, RFC 7240 §4.3)', () => {
  const wait = { prefer: 'wait=1' };

  it('504 within it; what is under way is found by its request id, and nothing is signed twice', async () => {
    await start({ maxInFlight: 160 });
    const one = station('station');
    expect((await one.post('/v1/sods', newOrder())).status).toBe(201);
    const before = { uses: uses(), signatures: signatures() };
    slow(3_000);
    const body = newOrder();
    const late = await one.post('/v1/sods', body, wait);
    expect([late.status, late.headers['preference-applied']]).toEqual([504, 'wait=1']);
    await expectProblem(late, { outcome: 'unknown', mend: expect.stringMatching(/same request/) });
    await eventually('its SOD', async () => (await one.get(`/v1/sods/${body.requestId}`)).status === 200);
    const found = await one.get(`/v1/sods/${body.requestId}`);
    const again = await one.post('/v1/sods', body, wait);
    expect([again.status, again.body]).toEqual([200, found.body]);
    expect({ uses: uses(), signatures: signatures() }).toEqual({
      uses: before.uses + 1,
      signatures: before.signatures + 1,
    });
  });

  it('503 at once when the present rate is too low for it, and nothing is begun', async () => {
    await start({ maxInFlight: 160 });
    const one = station('station');
    await one.post('/v1/sods', newOrder());
    slow(60);
    const flood = orders(80).map((body) => one.post('/v1/sods', body));
    await eventually('a queue', async () => (await inFlight()) >= 60);
    await eventually('a rate', async () => (await one.post('/v1/sods', newOrder(), wait)).status === 503);
    const body = newOrder();
    const refused = await one.post('/v1/sods', body, wait);
    expect(refused.status).toBe(503);
    await expectProblem(refused, { outcome: 'not-applied', mend: expect.stringMatching(/more time/) });
    expect((await one.get(`/v1/sods/${body.requestId}`)).status).toBe(404);
    token.heal();
    await Promise.all(flood);
    expect((await untilAnswered(one, body)).status).toBe(201);
  });

  it('holds in a batch for each line', async () => {
    await start({ maxInFlight: 160 });
    const before = { uses: uses(), signatures: signatures() };
    slow(3_000);
    const bodies = orders(4);
    const first = await sendBatch(instance, [ndjson(bodies)], wait);
    expect([first.status, first.headers['preference-applied']]).toEqual([200, 'wait=1']);
    expect(first.lines).toHaveLength(4);
    for (const { status, outcome, retryAfter } of first.lines) {
      expect([status, outcome, typeof retryAfter]).toEqual([504, 'unknown', 'number']);
    }
    token.heal();
    await untilInFlight(0);
    const again = await sendBatch(instance, [ndjson(bodies)], wait);
    expect(again.lines.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect({ uses: uses(), signatures: signatures() }).toEqual({
      uses: before.uses + 4,
      signatures: before.signatures + 4,
    });
  });

  it('is refused where it is no number of seconds, for a batch too', async () => {
    await start({ maxInFlight: 160 });
    const refused = await sendBatch(instance, [ndjson(orders(1))], { prefer: 'wait=soon' });
    expect(refused.status).toBe(400);
    expect(JSON.parse(refused.body)).toMatchObject({ field: 'Prefer', source: 'RFC 7240 §4.3' });
  });
});
