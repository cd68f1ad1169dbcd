import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BatchLine, linesOf, ndjson, openBatch, sendBatch, wholeAnswer } from '../support/batch.ts';
import { makeTestInstance, type RunningService, serve, type TestInstance } from '../support/instance.ts';
import { schemaViolations } from '../support/json-schema.ts';
import { documentSignerUses, recordsSnapshot } from '../support/records-snapshot.ts';
import { eventually, metric, sodRequest } from '../support/served.ts';
import { Station } from '../support/station.ts';

/**
 * `POST /v1/sods/batch` as stations use it and abuse it: real mTLS, a real token, a service of its own that has
 * less memory than the answers of its longest batch take: it dies of keeping them.
 */
const littleMemory = ['--max-old-space-size=100'];

let instance: TestInstance;
let service: RunningService;
let station: Station;
let openApi: Record<string, unknown>;

beforeAll(async () => {
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'] });
  service = await serve(instance.home, instance.portBase, littleMemory);
  station = new Station({ home: instance.home, port: instance.portBase, holder: 'station' });
  openApi = (await station.get('/openapi.json')).json();
});

afterAll(async () => {
  station?.close();
  await service?.stop();
  instance?.remove();
});

const newOrder = () => sodRequest(`batch-${randomBytes(6).toString('hex')}`, 'PA');
const newOrders = (count: number) => Array.from({ length: count }, newOrder);
const byRequestId = (lines: readonly BatchLine[]) => new Map(lines.map((line) => [line['requestId'], line]));
const statusesOf = (lines: readonly BatchLine[]) => [...new Set(lines.map(({ status }) => status))];
const violations = (schema: string, value: unknown) =>
  schemaViolations(openApi, { $ref: `#/components/schemas/${schema}` }, value);

describe('a batch', () => {
  it('has every line answered as if it had come alone, 201 and then 200', async () => {
    const orders = newOrders(300);
    const before = recordsSnapshot(instance.home);
    const first = await sendBatch(instance, [ndjson(orders)]);
    const again = await sendBatch(instance, [ndjson(orders.toReversed())]);
    expect([first.status, first.headers['content-type']]).toEqual([200, 'application/x-ndjson']);
    expect([statusesOf(first.lines), statusesOf(again.lines)]).toEqual([[201], [200]]);
    expect(first.lines).toHaveLength(orders.length);
    expect(byRequestId(first.lines).size).toBe(orders.length);
    for (const line of [...first.lines, ...again.lines]) expect(violations('SodLine', line)).toEqual([]);
    const repeats = byRequestId(again.lines);
    for (const line of first.lines) expect(repeats.get(line['requestId'])).toEqual({ ...line, status: 200 });
    for (const order of orders.slice(0, 5)) {
      const { status: _, ...body } = byRequestId(first.lines).get(order.requestId) ?? {};
      expect((await station.post('/v1/sods', order)).json()).toEqual(body);
      expect((await station.get(`/v1/sods/${order.requestId}`)).json()).toEqual(body);
    }
    const after = recordsSnapshot(instance.home);
    expect(after.sods - before.sods).toBe(orders.length);
    expect(documentSignerUses(after) - documentSignerUses(before)).toBe(orders.length);
  });

  it('signs once what it holds twice', async () => {
    const order = newOrder();
    const { lines } = await sendBatch(instance, [ndjson([order, order, order])]);
    expect(lines.map(({ status }) => Number(status)).toSorted((a, b) => a - b)).toEqual([200, 200, 201]);
    expect(new Set(lines.map(({ sod }) => sod)).size).toBe(1);
  });

  it('refuses a line with number, id and reason, and none of the others', async () => {
    const [order, used] = newOrders(2);
    await station.post('/v1/sods', used);
    const tooLong = `{"requestId":"too-long","documentType":"${'P'.repeat(1_100_000)}"}`;
    const parts = [
      ['{"requestId":'],
      [JSON.stringify({ ...order, requestId: 'without-type', documentType: undefined })],
      [Buffer.from(JSON.stringify({ ...order, document: { chipSerial: 'Ü' } }), 'latin1')],
      [JSON.stringify({ ...order, requestId: 'other-type', documentType: 'ZZ' })],
      [JSON.stringify({ ...used, lds: { version: '1.8', unicode: '4.0.0' } })],
      [tooLong],
      ['[1]'],
      [JSON.stringify({ ...order, requestId: 'not an id' })],
      [JSON.stringify(order).replace('{', '{"requestId":"another",')],
      [JSON.stringify(order), JSON.stringify(order)],
      [JSON.stringify(order)],
    ].map((texts) => Buffer.concat([...texts.map((text) => Buffer.from(text)), Buffer.from('\n')]));
    const { lines } = await sendBatch(instance, parts);
    const problems = lines.filter(({ line }) => line !== undefined);
    for (const problem of problems) expect(violations('ProblemLine', problem)).toEqual([]);
    const told = problems
      .toSorted((a, b) => Number(a['line']) - Number(b['line']))
      .map(({ line, requestId, status, field }) => [line, requestId, status, field]);
    expect(told).toEqual([
      [1, undefined, 400, 'body'],
      [2, 'without-type', 400, 'documentType'],
      [3, undefined, 400, 'body'],
      [4, 'other-type', 422, 'documentType'],
      [5, used?.requestId, 409, 'requestId'],
      [6, undefined, 413, undefined],
      [7, undefined, 400, 'body'],
      [8, undefined, 400, 'requestId'],
      [9, undefined, 400, 'requestId'],
      [10, undefined, 400, 'body'],
    ]);
    expect(lines.filter(({ line }) => line === undefined)).toMatchObject([
      { requestId: order?.requestId, status: 201 },
    ]);
  });

  it('takes CRLF, empty lines, a last line without an end, and nothing at all', async () => {
    const [a, b, c] = newOrders(3).map((order) => JSON.stringify(order));
    const { lines } = await sendBatch(instance, [`\n\r\n${a}\r\n \t\n${b}\n\n\n${c}`]);
    expect(lines.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(await sendBatch(instance, [])).toMatchObject({ status: 200, body: '' });
    expect(await sendBatch(instance, ['\n\r\n'])).toMatchObject({ status: 200, body: '' });
  });

  it('says that a byte order mark must not be there, and signs what follows its line', async () => {
    const [first, second] = newOrders(2);
    const { lines } = await sendBatch(instance, [Buffer.of(0xef, 0xbb, 0xbf), ndjson([first, second])]);
    expect(lines.toSorted((a, b) => Number(b['status']) - Number(a['status']))).toMatchObject([
      { line: 1, status: 400, field: 'body' },
      { requestId: second?.requestId, status: 201 },
    ]);
  });

  it('means the same wherever its octets are cut', async () => {
    const euro = { document: { chipSerial: '€😀ü' } };
    const orders = [{ ...newOrder(), ...euro }, newOrder(), { ...newOrder(), ...euro, documentType: 'ZZ' }];
    const body = Buffer.from(`${ndjson(orders)}\r\n{"requestId":"€\n${JSON.stringify(orders[0])}`);
    const meaning = (lines: readonly BatchLine[]) =>
      lines.map((line) => JSON.stringify(line).replace('"status":201', '"status":200')).toSorted();
    const whole = await sendBatch(instance, [body]);
    expect(whole.lines).toHaveLength(5);
    const cuts = fc.array(fc.nat(body.length), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const at = [0, ...places.toSorted((a, b) => a - b), body.length];
        const parts = at.slice(1).map((end, index) => body.subarray(at[index], end));
        const { lines } = await sendBatch(instance, parts);
        expect(meaning(lines)).toEqual(meaning(whole.lines));
      }),
      { numRuns: 25 },
    );
  });

  it('is answered line by line, while it is still being sent', async () => {
    const request = openBatch(instance);
    request.flushHeaders();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.setEncoding('utf8');
    for (const order of newOrders(3)) {
      request.write(ndjson([order]));
      const [line] = (await once(response, 'data')) as [string];
      expect(linesOf(line)).toMatchObject([{ requestId: order.requestId, status: 201 }]);
    }
    request.end();
    await once(response, 'end');
  });

  it('is sent with curl', async () => {
    const orders = newOrders(20);
    const file = join(instance.home, 'orders.ndjson');
    writeFileSync(file, ndjson(orders));
    const credentials = join(instance.home, 'credentials/station');
    const url = `https://localhost:${instance.portBase}/v1/sods/batch`;
    const { stdout } = await promisify(execFile)(
      'curl',
      ['--silent', '--cert', 'cert.pem', '--key', 'key.pem', '--cacert', 'ca.pem'].concat(
        ['-X', 'POST', '-H', 'Content-Type: application/x-ndjson'],
        ['-T', file, url],
      ),
      { cwd: credentials },
    );
    expect(byRequestId(linesOf(stdout)).size).toBe(20);
    expect(statusesOf(linesOf(stdout))).toEqual([201]);
  });
});

describe('who may send one, and how', () => {
  it.each([
    ['JSON', { 'content-type': 'application/json' }],
    ['compressed', { 'content-encoding': 'gzip' }],
  ])('415 when it is %s', async (_, headers) => {
    const answer = await sendBatch(instance, [ndjson(newOrders(1))], headers);
    expect(answer.status).toBe(415);
    expect(JSON.parse(answer.body)).toMatchObject({ type: 'urn:sigillo:problem:unsupported-media-type' });
  });

  it('application/jsonl is the same by another name', async () => {
    const type = { 'content-type': 'application/jsonl; charset=utf-8' };
    const { lines } = await sendBatch(instance, [ndjson(newOrders(1))], type);
    expect(statusesOf(lines)).toEqual([201]);
  });

  it('403 for who is no station, before anything is read', async () => {
    const before = recordsSnapshot(instance.home);
    const answer = await sendBatch({ ...instance, holder: 'auditor' }, [ndjson(newOrders(3))]);
    expect(answer.status).toBe(403);
    expect(recordsSnapshot(instance.home)).toEqual(before);
  });

  it('429 beyond half of all that there may be, for the sake of other stations, until one has ended', async () => {
    const open = Array.from({ length: 16 }, () => {
      const request = openBatch(instance);
      request.flushHeaders();
      return { request, answer: wholeAnswer(request) };
    });
    await Promise.all(open.map(({ request }) => once(request, 'response')));
    const tooMany = await sendBatch(instance, [ndjson(newOrders(1))]);
    expect([tooMany.status, tooMany.headers['retry-after']]).toEqual([429, '1']);
    expect(JSON.parse(tooMany.body)).toMatchObject({ rule: 'station-share', retryAfter: 1 });
    for (const { request } of open) request.end(ndjson(newOrders(2)));
    for (const { answer } of open) expect(statusesOf((await answer).lines)).toEqual([201]);
    await eventually('place for one more', async () => {
      return (await sendBatch(instance, [ndjson(newOrders(1))])).status === 200;
    });
  });
});

describe('a station that', () => {
  it('disappears half-way finds what was begun by request id, and sends the rest again', async () => {
    const orders = newOrders(1_000);
    const before = recordsSnapshot(instance.home);
    const request = openBatch(instance);
    request.on('error', () => {});
    request.write(ndjson(orders.slice(0, 900)));
    request.write(JSON.stringify(orders[900]).slice(0, -1));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => {});
    let seen = '';
    while (linesOf(seen.slice(0, seen.lastIndexOf('\n') + 1)).length < 100) {
      seen += String(((await once(response, 'data')) as [Buffer])[0]);
    }
    request.destroy();
    await eventually(
      'everything begun to be ended',
      async () => (await metric(instance.portBase, 'sigillo_sods_in_flight')) === 0,
    );
    const meanwhile = recordsSnapshot(instance.home);
    expect(meanwhile.sodIntents).toBe(0);
    const answered = linesOf(seen.slice(0, seen.lastIndexOf('\n') + 1));
    for (const { status: _, ...body } of answered.slice(0, 10)) {
      expect((await station.get(`/v1/sods/${String(body['requestId'])}`)).json()).toEqual(body);
    }
    const again = await sendBatch(instance, [ndjson(orders)]);
    const repeats = byRequestId(again.lines);
    for (const line of answered) expect(repeats.get(line['requestId'])).toEqual({ ...line, status: 200 });
    const signedNow = again.lines.filter(({ status }) => status === 201).length;
    expect(signedNow).toBe(orders.length - (meanwhile.sods - before.sods));
    expect(signedNow).toBeGreaterThan(0);
    expect(recordsSnapshot(instance.home).sods - before.sods).toBe(orders.length);
  });

  it('ends its side after the last line still gets every answer', async () => {
    const orders = newOrders(200);
    const file = (name: string) => readFileSync(join(instance.home, 'credentials/station', name));
    const options: tls.ConnectionOptions & { allowHalfOpen: boolean } = {
      host: 'localhost',
      port: instance.portBase,
      cert: file('cert.pem'),
      key: file('key.pem'),
      ca: file('ca.pem'),
      allowHalfOpen: true,
    };
    const socket = tls.connect(options);
    await once(socket, 'secureConnect');
    const body = Buffer.from(ndjson(orders));
    const head = ['POST /v1/sods/batch HTTP/1.1', 'Host: localhost', 'Content-Type: application/x-ndjson'];
    socket.end(`${[...head, `Content-Length: ${body.length}`].join('\r\n')}\r\n\r\n${body.toString()}`);
    const answer = (await socket.toArray()).join('');
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    for (const { requestId } of orders) expect(answer).toContain(`"requestId":"${requestId}"`);
    expect(answer.endsWith('\r\n0\r\n\r\n')).toBe(true);
  });

  it('does not read its answers is not read from either, and gets them all when it reads', async () => {
    const orders = newOrders(50);
    const known = ndjson(orders);
    await sendBatch(instance, [known]);
    const repeats = 'sigillo_sod_requests_total{outcome="repeated"}';
    const before = await metric(instance.portBase, repeats);
    const total = 60_000;
    const request = openBatch(instance);
    const isSent = new Promise<void>((resolve) => request.end(known.repeat(total / orders.length), resolve));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let answered = 0;
    await eventually('the service to stop reading', async () => {
      const earlier = answered;
      await sleep(300);
      answered = (await metric(instance.portBase, repeats)) - before;
      return answered > 0 && answered === earlier;
    });
    expect(answered).toBeLessThan(total);
    expect((await station.post('/v1/sods', newOrder())).status).toBe(201);
    let lines = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      lines += chunk.reduce((count, octet) => count + (octet === 0x0a ? 1 : 0), 0);
    }
    await isSent;
    expect(lines).toBe(total);
  });

  it('sends thousands of lines does not make the service grow', async () => {
    const { lines } = await sendBatch(instance, [ndjson(newOrders(5_000))]);
    expect([lines.length, statusesOf(lines)]).toEqual([5_000, [201]]);
  });
});

describe('the service', () => {
  it('does not wait for the end of a batch when it is told to end, and says what it did not begin', async () => {
    const request = openBatch(instance);
    request.on('error', () => {});
    const orders = newOrders(400);
    const isAnswered = wholeAnswer(request);
    request.write(ndjson(orders));
    await once(request, 'response');
    expect(await service.stop()).toBe(0);
    const { lines } = await isAnswered;
    const stopping = lines.filter(({ status }) => status === 503);
    expect(stopping).toMatchObject([{ type: 'urn:sigillo:problem:stopping' }]);
    expect(stopping[0]).not.toHaveProperty('line');
    service = await serve(instance.home, instance.portBase, littleMemory);
    const again = byRequestId((await sendBatch(instance, [ndjson(orders)])).lines);
    for (const line of lines.filter(({ status }) => status === 201)) {
      expect(again.get(line['requestId'])).toEqual({ ...line, status: 200 });
    }
    expect(again.size).toBe(orders.length);
  });

  it('describes it', () => {
    const described = openApi['paths'] as Record<string, Record<string, { responses: object }>>;
    expect(Object.keys(described['/v1/sods/batch']?.['post']?.responses ?? {})).toEqual([
      '200',
      '401',
      '403',
      '415',
      '429',
      '503',
    ]);
  });
});
