import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCredential } from '../../src/app/instance/credentials.ts';
import { loadInstance } from '../../src/app/instance/load-instance.ts';
import { openInstance } from '../../src/app/instance/open-instance.ts';
import { decodeEfSod } from '../../src/formats/lds/ef-sod.ts';
import { decodeCertificate } from '../../src/formats/x509/certificate.ts';
import { ndjson, openBatch, wholeAnswer } from '../support/batch.ts';
import { makeTestInstance, type RunningService, serve, type TestInstance } from '../support/instance.ts';
import { resolveReference, schemaViolations } from '../support/json-schema.ts';
import { documentSignerUses, recordsSnapshot } from '../support/records-snapshot.ts';
import { dg1, dg2, issue, type IssuedCertificate, softwareKey } from '../support/software-pki.ts';
import { makeCertifiedKey } from '../../src/services/issuance/establish.ts';
import { type Answer, Station } from '../support/station.ts';

/** The station API as a station sees it: real mTLS, a real token, a service in a process of its own. */

let instance: TestInstance;
let service: RunningService;
let station: Station;
let openApi: Record<string, unknown>;

beforeAll(async () => {
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'] });
  const { home, portBase } = instance;
  await makeExpiredCredential(home);
  service = await serve(home, portBase);
  await service.stop();
  await makeFurtherCredentials(home);
  service = await serve(home, portBase);
  station = new Station({ home, port: portBase, holder: 'station' });
  openApi = (await station.get('/openapi.json')).json();
});

afterAll(async () => {
  station?.close();
  await service?.stop();
  instance?.remove();
});

/** A station whose certificate has run out: access CA and certificate are two years older than all else. */
async function makeExpiredCredential(home: string): Promise<void> {
  const loaded = loadInstance(home);
  const twoYearsAgo = new Date(Date.now() - 2 * 366 * 86_400_000);
  const open = openInstance(loaded, { processes: 1, onEvent: () => {}, clock: { now: () => twoYearsAgo } });
  try {
    const planned = loaded.configuration.keys.accessCa;
    await makeCertifiedKey(open.issuance, { planned, role: 'access-ca', number: 1 }, () => {});
    const holder = { name: 'expired-station', role: 'station' } as const;
    await makeCredential(open.issuance, loaded.paths.credentials, holder);
  } finally {
    open.close();
  }
}

/** A station that the development instance does not have, to be revoked. */
async function makeFurtherCredentials(home: string): Promise<void> {
  const loaded = loadInstance(home);
  const open = openInstance(loaded, { processes: 1, onEvent: () => {} });
  try {
    const { credentials } = loaded.paths;
    await makeCredential(open.issuance, credentials, { name: 'revoked-station', role: 'station' });
  } finally {
    open.close();
  }
}

const base64 = (octets: Uint8Array) => Buffer.from(octets).toString('base64');
const sha = (octets: Uint8Array, digest = 'sha256') => createHash(digest).update(octets).digest();
const hashOf = (octets: Uint8Array, digest?: string) => base64(sha(octets, digest));

/** The specimen's DG1 as a document of the type that this instance signs. */
const dg1OfType = (documentCode: string, state = 'UTO') =>
  Uint8Array.from(
    Buffer.from(Buffer.from(dg1).toString('latin1').replace('P<UTO', `${documentCode}${state}`), 'latin1'),
  );

let sequence = 0;
/** A request that is in order, with an id of its own. */
function order(changes: Record<string, unknown> = {}): Record<string, unknown> {
  sequence += 1;
  return {
    requestId: `order-${sequence}`,
    documentType: 'PA',
    digestAlgorithm: 'SHA-256',
    lds: { version: '1.8', unicode: '4.0.0' },
    dataGroupHashes: { 1: hashOf(dg1OfType('PA')), 2: hashOf(dg2) },
    ...changes,
  };
}

/** What must stay as it is when nothing is signed. */
function signed() {
  const { sods, sodIntents, abandonedIntents } = recordsSnapshot(instance.home);
  const uses = documentSignerUses(recordsSnapshot(instance.home));
  return { sods, sodIntents, abandonedIntents, uses };
}

interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly field?: string;
  readonly rule?: string;
  readonly source?: string;
  readonly mend?: string;
}

/** A problem document as the OpenAPI describes it, and the same status in it as on it. */
function problemIn(answer: Answer): ProblemDocument {
  expect(answer.headers['content-type']).toBe('application/problem+json');
  const problem = answer.json<ProblemDocument>();
  expect(schemaViolations(openApi, { $ref: '#/components/schemas/Problem' }, problem)).toEqual([]);
  expect(problem.type).toMatch(/^urn:sigillo:problem:[a-z-]+$/);
  expect(problem.status).toBe(answer.status);
  expect(problem.detail).not.toMatch(/\n|\/home|\/tmp|\.ts:\d/);
  return problem;
}

/** Sends something that must be refused, and holds the records against it. */
async function refusal(send: () => Promise<Answer>): Promise<ProblemDocument> {
  const before = signed();
  const problem = problemIn(await send());
  expect(signed()).toEqual(before);
  return problem;
}

describe('signing', () => {
  it('answers 201 once and then 200 with the same bytes', async () => {
    const body = order();
    const before = signed();
    const first = await station.post('/v1/sods', body);
    const again = await station.post('/v1/sods', body);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    expect(first.headers['content-type']).toMatch(/^application\/json/);
    expect(schemaViolations(openApi, { $ref: '#/components/schemas/SodRequest' }, body)).toEqual([]);
    const schema = { $ref: '#/components/schemas/SodResponse' };
    expect(schemaViolations(openApi, schema, first.json())).toEqual([]);
    expect(first.json()['requestId']).toBe(body['requestId']);
    const { sods, uses } = signed();
    expect([sods, uses]).toEqual([before.sods + 1, before.uses + 1]);
  });

  it('the same order in other words is the same order', async () => {
    const hashes = { 1: hashOf(dg1OfType('PA')), 2: hashOf(dg2) };
    const body = order({ dataGroupHashes: hashes });
    const reordered = {
      dataGroups: { 1: base64(dg1OfType('PA')) },
      dataGroupHashes: { 2: hashes[2], 1: hashes[1] },
      lds: { unicode: '040000', version: '1.8' },
      digestAlgorithm: 'SHA-256',
      documentType: 'PA',
      requestId: body['requestId'],
    };
    const first = await station.post('/v1/sods', body);
    const again = await station.post('/v1/sods', reordered);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
  });

  it('answers the bare EF.SOD to who asks for octets', async () => {
    const body = order();
    const json = await station.post('/v1/sods', body);
    const octets = { accept: 'application/octet-stream' };
    const bare = await station.post('/v1/sods', body, octets);
    const found = await station.get(`/v1/sods/${String(body['requestId'])}`, octets);
    expect(bare.headers['content-type']).toBe('application/octet-stream');
    expect(bare.body[0]).toBe(0x77);
    expect(base64(bare.body)).toBe(json.json()['sod']);
    expect(found.body).toEqual(bare.body);
    expect(bare.headers['sigillo-document-signer']).toBe(json.json()['documentSigner']);
    expect(bare.headers['sigillo-log-leaf']).toBe(String(json.json()['logLeaf']));
  });

  it('finds what was signed under a request id', async () => {
    const body = order();
    const first = await station.post('/v1/sods', body);
    const found = await station.get(`/v1/sods/${String(body['requestId'])}`);
    expect(found.status).toBe(200);
    expect(found.body).toEqual(first.body);
  });

  it('signs data groups that it was sent, once their hashes are right', async () => {
    const dataGroups = { 1: base64(dg1OfType('PA')), 2: base64(dg2) };
    expect((await station.post('/v1/sods', order({ dataGroups }))).status).toBe(201);
  });

  it('signs LDS 1.7 and 1.8 as they were asked for', async () => {
    const versions = await Promise.all(
      [{ version: '1.7' }, { version: '1.8', unicode: '040000' }].map(async (lds) => {
        const { sod } = (await station.post('/v1/sods', order({ lds }))).json<{ sod: string }>();
        const efSod = decodeEfSod(Uint8Array.from(Buffer.from(sod, 'base64')), { strict: true });
        const { version, ldsVersionInfo } = efSod.ldsSecurityObject;
        return { version, ldsVersionInfo };
      }),
    );
    expect(versions).toEqual([
      { version: 0, ldsVersionInfo: undefined },
      { version: 1, ldsVersionInfo: { ldsVersion: '0108', unicodeVersion: '040000' } },
    ]);
  });

  it('signs once for many who ask at the same time', async () => {
    const body = order();
    const before = signed();
    const answers = await Promise.all(Array.from({ length: 16 }, () => station.post('/v1/sods', body)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => b - a)).toEqual([
      201,
      ...Array(15).fill(200),
    ]);
    expect(new Set(answers.map(({ body: bytes }) => bytes.toString())).size).toBe(1);
    expect(signed()).toMatchObject({ sods: before.sods + 1, uses: before.uses + 1, sodIntents: 0 });
  });

  it('signs one of many contents that come under one id at the same time', async () => {
    const { requestId } = order();
    const before = signed();
    const contents = Array.from({ length: 8 }, (_, index) =>
      order({ requestId, dataGroupHashes: { 1: hashOf(dg1), 2: hashOf(Uint8Array.of(index)) } }),
    );
    const answers = await Promise.all(contents.map((body) => station.post('/v1/sods', body)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([201, ...Array(7).fill(409)]);
    for (const answer of answers.filter(({ status }) => status === 409)) problemIn(answer);
    expect(signed()).toMatchObject({ sods: before.sods + 1, uses: before.uses + 1, sodIntents: 0 });
    const winner = answers.findIndex(({ status }) => status === 201);
    const again = await station.post('/v1/sods', contents[winner]);
    expect([again.status, again.body]).toEqual([200, answers[winner]?.body]);
  });

  it('gives the same bytes after a restart, and signs nothing for it', async () => {
    const body = order();
    const first = await station.post('/v1/sods', body);
    expect(await service.stop()).toBe(0);
    const before = signed();
    service = await serve(instance.home, instance.portBase);
    const again = await station.post('/v1/sods', body);
    const found = await station.get(`/v1/sods/${String(body['requestId'])}`);
    expect([first.status, again.status, found.status]).toEqual([201, 200, 200]);
    expect(again.body).toEqual(first.body);
    expect(found.body).toEqual(first.body);
    const problem = await refusal(() => station.post('/v1/sods', { ...body, lds: { version: '1.7' } }));
    expect(problem.status).toBe(409);
    expect(signed()).toEqual(before);
  });
});

describe('a request id that was used for other content', () => {
  it.each([
    ['another hash', { dataGroupHashes: { 1: hashOf(dg1), 2: hashOf(dg1) } }],
    [
      'one data group more',
      { dataGroupHashes: { 1: hashOf(dg1OfType('PA')), 2: hashOf(dg2), 3: hashOf(dg2) } },
    ],
    ['another LDS version', { lds: { version: '1.7' } }],
    ['another document', { document: { number: 'L898902C3' } }],
    [
      'another digest',
      {
        digestAlgorithm: 'SHA-512',
        dataGroupHashes: { 1: hashOf(dg1OfType('PA'), 'sha512'), 2: hashOf(dg2, 'sha512') },
      },
    ],
  ])('%s: 409, nothing is signed', async (_, changes) => {
    const body = order();
    const first = await station.post('/v1/sods', body);
    const problem = await refusal(() => station.post('/v1/sods', { ...body, ...changes }));
    expect(problem).toMatchObject({ status: 409, rule: 'exactly-once', field: 'requestId' });
    expect(problem.mend).toBeTruthy();
    expect((await station.post('/v1/sods', body)).body).toEqual(first.body);
  });
});

describe('content that a rule forbids (422)', () => {
  const hashes = (...numbers: number[]) =>
    Object.fromEntries(numbers.map((number) => [number, hashOf(Uint8Array.of(number))]));

  it.each<[string, Record<string, unknown>, Partial<ProblemDocument>]>([
    ['one data group only', { dataGroupHashes: hashes(1) }, { rule: 'S-DG', field: 'dataGroupHashes' }],
    ['no data group', { dataGroupHashes: {} }, { rule: 'S-DG', field: 'dataGroupHashes' }],
    ['DG1 missing', { dataGroupHashes: hashes(2, 3) }, { rule: 'S-DG', field: 'dataGroupHashes.1' }],
    ['DG2 missing', { dataGroupHashes: hashes(1, 3) }, { rule: 'S-DG', field: 'dataGroupHashes.2' }],
    [
      'SHA-1',
      {
        digestAlgorithm: 'SHA-1',
        dataGroupHashes: { 1: hashOf(dg1, 'sha1'), 2: hashOf(dg2, 'sha1') },
      },
      { rule: 'S-SHA1', field: 'digestAlgorithm', source: 'Doc 9303-12 §4.1.6.4' },
    ],
    [
      'SHA-224, which the policy does not list',
      {
        digestAlgorithm: 'SHA-224',
        dataGroupHashes: { 1: hashOf(dg1, 'sha224'), 2: hashOf(dg2, 'sha224') },
      },
      { rule: 'S-DIGEST', field: 'digestAlgorithm' },
    ],
    [
      'a document type of no Document Signer',
      { documentType: 'ZZ' },
      { rule: 'S-DTL', field: 'documentType' },
    ],
    [
      'another Unicode version',
      { lds: { version: '1.8', unicode: '15.0.0' } },
      { rule: 'S-LDSV', field: 'lds.unicode' },
    ],
    [
      'a data group whose hash is another one',
      { dataGroups: { 2: base64(Uint8Array.of(...dg2, 0)) } },
      { rule: 'S-HASH', field: 'dataGroups.2' },
    ],
    [
      'a data group without its hash',
      { dataGroups: { 3: base64(dg2) } },
      { rule: 'S-HASH', field: 'dataGroups.3' },
    ],
    [
      'a DG1 with another document code',
      { dataGroupHashes: { 1: hashOf(dg1), 2: hashOf(dg2) }, dataGroups: { 1: base64(dg1) } },
      { rule: 'S-DTL', field: 'documentType' },
    ],
    [
      'a DG1 of another state',
      {
        dataGroupHashes: { 1: hashOf(dg1OfType('PA', 'XOM')), 2: hashOf(dg2) },
        dataGroups: { 1: base64(dg1OfType('PA', 'XOM')) },
      },
      { rule: 'S-CC', field: 'dataGroups.1' },
    ],
  ])('%s', async (_, changes, expected) => {
    const problem = await refusal(() => station.post('/v1/sods', order(changes)));
    expect(problem).toMatchObject({ status: 422, type: 'urn:sigillo:problem:policy', ...expected });
    expect(problem.source).toMatch(/^Doc 9303-1\d /);
    expect(problem.mend).toBeTruthy();
  });

  it('takes nothing: the id is free for the order as it should have been', async () => {
    const body = order();
    await refusal(() => station.post('/v1/sods', { ...body, documentType: 'ZZ' }));
    expect((await station.post('/v1/sods', body)).status).toBe(201);
  });
});

describe('requests that are malformed (400)', () => {
  const group = hashOf(dg2);
  const { requestId: _, ...withoutId } = order();

  it.each<[string, unknown, string]>([
    ['no request id', withoutId, 'requestId'],
    ['no document type', { ...order(), documentType: undefined }, 'documentType'],
    ['no digest', { ...order(), digestAlgorithm: undefined }, 'digestAlgorithm'],
    ['no LDS version', { ...order(), lds: undefined }, 'lds'],
    ['no hashes', { ...order(), dataGroupHashes: undefined }, 'dataGroupHashes'],
    ['an unknown field', order({ colour: 'red' }), 'body'],
    ['an unknown field inside', order({ lds: { version: '1.7', colour: 'red' } }), 'lds'],
    ['data group 0', order({ dataGroupHashes: { 0: group, 1: group, 2: group } }), 'dataGroupHashes.0'],
    ['data group 17', order({ dataGroupHashes: { 1: group, 2: group, 17: group } }), 'dataGroupHashes.17'],
    ['data group 01', order({ dataGroupHashes: { '01': group, 2: group } }), 'dataGroupHashes.01'],
    [
      'a data group without number',
      order({ dataGroupHashes: { one: group, 2: group } }),
      'dataGroupHashes.one',
    ],
    [
      'a hash that is too short',
      order({ dataGroupHashes: { 1: hashOf(dg1, 'sha224'), 2: group } }),
      'dataGroupHashes.1',
    ],
    [
      'a hash that is too long',
      order({ dataGroupHashes: { 1: group, 2: hashOf(dg2, 'sha384') } }),
      'dataGroupHashes.2',
    ],
    ['an empty hash', order({ dataGroupHashes: { 1: group, 2: '' } }), 'dataGroupHashes.2'],
    [
      'rubbish in base64',
      order({ dataGroupHashes: { 1: group, 2: `*${group.slice(1)}` } }),
      'dataGroupHashes.2',
    ],
    [
      'a line break in base64',
      order({ dataGroupHashes: { 1: group, 2: `${group}\n` } }),
      'dataGroupHashes.2',
    ],
    ['base64url', order({ dataGroupHashes: { 1: group, 2: `_${group.slice(1)}` } }), 'dataGroupHashes.2'],
    [
      'base64 without its padding',
      order({ dataGroupHashes: { 1: group, 2: group.slice(0, -1) } }),
      'dataGroupHashes.2',
    ],
    [
      'stray bits in base64',
      order({ dataGroupHashes: { 1: group, 2: `${'A'.repeat(42)}B=` } }),
      'dataGroupHashes.2',
    ],
    ['a hash that is a number', order({ dataGroupHashes: { 1: group, 2: 7 } }), 'dataGroupHashes.2'],
    ['hashes in a list', order({ dataGroupHashes: [group, group] }), 'dataGroupHashes'],
    ['LDS 1.8 without its Unicode version', order({ lds: { version: '1.8' } }), 'lds.unicode'],
    ['LDS 1.9', order({ lds: { version: '1.9' } }), 'lds.version'],
    ['an LDS version that is a number', order({ lds: { version: 1.7 } }), 'lds.version'],
    ['MD5', order({ digestAlgorithm: 'MD5' }), 'digestAlgorithm'],
    ['a document type in small letters', order({ documentType: 'pa' }), 'documentType'],
    ['an empty request id', order({ requestId: '' }), 'requestId'],
    ['a request id with a blank', order({ requestId: 'a b' }), 'requestId'],
    ['a request id with a line break', order({ requestId: 'a\n' }), 'requestId'],
    ['a request id of 129 characters', order({ requestId: 'a'.repeat(129) }), 'requestId'],
    ['a request id that is a number', order({ requestId: 1e308 }), 'requestId'],
    ['a DG1 that is none', dg1That('is none'), 'DG1'],
    ['null', null, 'body'],
    ['a list', [order()], 'body'],
    ['a string', '"order"', 'body'],
    ['a number out of range', '1e400', 'body'],
    ['no JSON', 'order', 'body'],
    ['half of the JSON', JSON.stringify(order()).slice(0, -20), 'body'],
    ['two JSONs', `${JSON.stringify(order())}${JSON.stringify(order())}`, 'body'],
    ['nothing', '', 'body'],
    ['a field of Object.prototype', raw(order(), '"__proto__":{"requestId":"x"}'), '__proto__'],
    ['a constructor', raw(order(), '"constructor":{"prototype":{}}'), 'body'],
    ['a data group of Object.prototype', rawHashes('"__proto__":"AAAA"'), 'dataGroupHashes.__proto__'],
    ['a field twice', raw(order(), '"requestId":"another"'), 'requestId'],
    ['a data group twice', rawHashes(`"1":"${group}"`), 'dataGroupHashes.1'],
    ['a data group twice, once escaped', rawHashes(`"\\u0031":"${group}"`), 'dataGroupHashes.1'],
    [
      'a hundred thousand lists in each other',
      raw(order(), `"x":${'['.repeat(1e5)}${']'.repeat(1e5)}`),
      'body',
    ],
    ['a hundred thousand open lists', '['.repeat(1e5), 'body'],
    ['objects in each other for hashes', rawHashes(`"3":${'{"1":'.repeat(5e4)}1${'}'.repeat(5e4)}`), 'body'],
    [
      'a number of a hundred thousand digits',
      raw(order(), `"document":{"number":${'9'.repeat(1e5)}}`),
      'document.number',
    ],
    ['octets that are not UTF-8', latin1(order({ document: { chipSerial: 'Ü' } })), 'body'],
    ['UTF-16', Buffer.from(JSON.stringify(order()), 'utf16le'), 'body'],
    [
      'a byte order mark',
      Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), Buffer.from(JSON.stringify(order()))]),
      'body',
    ],
  ])('%s', async (__, body, field) => {
    const problem = await refusal(() => station.post('/v1/sods', body));
    expect(problem).toMatchObject({ status: 400, type: 'urn:sigillo:problem:malformed' });
    expect(problem.field).toBe(field);
    expect(problem.mend).toBeTruthy();
    expect(problem.detail.length).toBeLessThan(500);
  });

  function dg1That(content: string) {
    const octets = Buffer.from(content);
    return order({ dataGroupHashes: { 1: hashOf(octets), 2: group }, dataGroups: { 1: base64(octets) } });
  }

  /** An object as JSON with one more member, written as given. */
  function raw(object: object, member: string): string {
    return `${JSON.stringify(object).slice(0, -1)},${member}}`;
  }

  function rawHashes(member: string): string {
    const hashes = { 1: group, 2: group };
    return JSON.stringify(order({ dataGroupHashes: 'HASHES' })).replace('"HASHES"', raw(hashes, member));
  }

  function latin1(object: object): Buffer {
    return Buffer.from(JSON.stringify(object), 'latin1');
  }
});

describe('HTTP', () => {
  it.each([
    ['XML', 'application/xml'],
    ['text', 'text/plain'],
    ['a form', 'application/x-www-form-urlencoded'],
    ['something like JSON', 'application/json-patch+json'],
  ])('415 for %s', async (_, type) => {
    const problem = await refusal(() => station.post('/v1/sods', order(), { 'content-type': type }));
    expect(problem).toMatchObject({ status: 415, type: 'urn:sigillo:problem:unsupported-media-type' });
  });

  it('415 for a body without a type, and for a compressed one', async () => {
    const body = JSON.stringify(order());
    expect(await refusal(() => station.request('POST', '/v1/sods', body, {}))).toMatchObject({ status: 415 });
    const encoded = { 'content-encoding': 'gzip' };
    expect(await refusal(() => station.post('/v1/sods', body, encoded))).toMatchObject({ status: 415 });
  });

  it('takes JSON that says its character set', async () => {
    const type = { 'content-type': 'application/json; charset=utf-8' };
    expect((await station.post('/v1/sods', order(), type)).status).toBe(201);
  });

  const tooLong = () => JSON.stringify(order({ document: { chipSerial: 'x'.repeat(2_000_000) } }));

  it.each([
    ['that says its length', {}],
    ['that comes in chunks', { 'transfer-encoding': 'chunked' }],
  ])('413 for a body over the limit %s', async (_, headers) => {
    const problem = await refusal(() => station.post('/v1/sods', tooLong(), headers));
    expect(problem).toMatchObject({ status: 413, type: 'urn:sigillo:problem:too-large', field: 'body' });
    expect((await station.post('/v1/sods', order())).status).toBe(201);
  });

  it('413 before a body is sent whose length is far over the limit', async () => {
    const before = signed();
    const request = beginPost({ 'content-length': String(2 ** 40) });
    request.flushHeaders();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    request.destroy();
    expect(response.statusCode).toBe(413);
    expect(response.headers['connection']).toBe('close');
    expect(signed()).toEqual(before);
  });

  it('nothing comes of a station that goes away in the middle', async () => {
    const before = signed();
    const body = JSON.stringify(order());
    const request = beginPost({ 'content-length': String(body.length) });
    request.on('error', () => {});
    await new Promise((resolve) => request.write(body.slice(0, -10), resolve));
    await sleep(50);
    request.destroy();
    expect((await station.post('/v1/sods', order())).status).toBe(201);
    expect(signed()).toMatchObject({ sods: before.sods + 1, uses: before.uses + 1 });
    const errors = service
      .log()
      .split('\n')
      .filter((line) => line.includes('"level":50'));
    expect(errors).toEqual([]);
  });

  function beginPost(headers: Record<string, string>) {
    const file = (name: string) => readFileSync(join(instance.home, 'credentials/station', name));
    return httpsRequest({
      host: 'localhost',
      port: instance.portBase,
      method: 'POST',
      path: '/v1/sods',
      cert: file('cert.pem'),
      key: file('key.pem'),
      ca: file('ca.pem'),
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  it.each([
    ['PUT', '/v1/sods'],
    ['DELETE', '/v1/sods'],
    ['GET', '/v1/sods'],
    ['DELETE', '/v1/sods/order-1'],
    ['PROPFIND', '/v1/sods'],
  ])('405 with what is possible for %s %s', async (method, path) => {
    const before = signed();
    const answer = await station.request(method, path, undefined, {});
    expect(problemIn(answer)).toMatchObject({ status: 405, type: 'urn:sigillo:problem:method-not-allowed' });
    expect(answer.headers['allow']).toMatch(path === '/v1/sods' ? /POST/ : /GET/);
    expect(signed()).toEqual(before);
  });

  it.each(['/', '/v1', '/v1/sod', '/v2/sods', '/v1/sods/order-1/more', '/.git/config', '//v1/sods'])(
    '404 for %s',
    async (path) => {
      expect(await refusal(() => station.get(path))).toMatchObject({
        status: 404,
        type: 'urn:sigillo:problem:not-found',
      });
    },
  );

  it('404 for a request id that nothing was signed under', async () => {
    const problem = await refusal(() => station.get('/v1/sods/never-sent'));
    expect(problem).toMatchObject({ status: 404, type: 'urn:sigillo:problem:not-found', field: 'requestId' });
  });

  it.each([
    ['a NUL', '%00'],
    ['what is no UTF-8', '%E0%A4%A'],
    ['a blank', 'a%20b'],
    ['a path', '..%2F..%2Fetc'],
    ['four thousand letters', 'a'.repeat(4_000)],
    ['SQL', "'%20OR%201=1--"],
    ['a face', '%F0%9F%98%80'],
  ])('400 for a request id that none can be like: %s', async (_, id) => {
    const problem = await refusal(() => station.get(`/v1/sods/${id}`));
    expect(problem).toMatchObject({ status: 400, type: 'urn:sigillo:problem:malformed' });
    expect(problem.detail.length).toBeLessThan(200);
  });
});

/**
 * Single orders are answered past Koa's middleware (decision 0026); written with a query, the path goes through the
 * router. Both must answer the same octets.
 */
describe('an order past the router and through it', () => {
  const direct = '/v1/sods';
  const routed = '/v1/sods?through=router';

  function connect(holder: string): Promise<TLSSocket> {
    const file = (of: string, name: string) => readFileSync(join(instance.home, 'credentials', of, name));
    const own = holder === 'nobody' ? {} : { cert: file(holder, 'cert.pem'), key: file(holder, 'key.pem') };
    const ca = file('station', 'ca.pem');
    const socket = tlsConnect({ host: 'localhost', port: instance.portBase, ca, ...own });
    return once(socket, 'secureConnect').then(() => socket);
  }

  /** Writes the parts one after the other, and reads until so many answers are there or the connection ends. */
  async function answersTo(
    parts: readonly (string | Buffer)[],
    { holder = 'station', count = 1 }: { holder?: string; count?: number } = {},
  ): Promise<readonly string[]> {
    const socket = await connect(holder);
    const answers: string[] = [];
    let received = '';
    const done = new Promise<void>((resolve, reject) => {
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString('latin1');
        for (let end = endOfAnswer(received); end > 0; end = endOfAnswer(received)) {
          answers.push(received.slice(0, end).replace(/\r\nDate: [^\r]*/, '\r\nDate: now'));
          received = received.slice(end);
        }
        if (answers.length >= count) resolve();
      });
      socket.once('end', resolve);
      socket.once('error', reject);
    });
    for (const part of parts) {
      await new Promise((resolve) => socket.write(part, resolve));
      if (parts.length > 1) await sleep(20);
    }
    await done;
    socket.destroy();
    expect(received).toBe('');
    return answers;
  }

  function endOfAnswer(received: string): number {
    const head = received.indexOf('\r\n\r\n') + 4;
    if (head < 4) return 0;
    const length = Number(/\r\nContent-Length: (\d+)/.exec(received.slice(0, head))?.[1] ?? 0);
    return received.length < head + length ? 0 : head + length;
  }

  const json = 'Content-Type: application/json';
  const head = (path: string, ...headers: readonly string[]) =>
    [`POST ${path} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n');
  const whole = (path: string, body: string, ...headers: readonly string[]) =>
    `${head(path, ...headers, `Content-Length: ${Buffer.byteLength(body)}`)}${body}`;
  const chunked = (body: string) =>
    `10\r\n${body.slice(0, 16)}\r\n${(body.length - 16).toString(16)}\r\n${body.slice(16)}\r\n0\r\n\r\n`;
  const tooLong = `"${'x'.repeat(2_000_000)}"`;
  const signedOrder = JSON.stringify(order());

  type Parts = (path: string) => readonly string[];
  it.each<[string, number, Parts, { holder?: string; count?: number }?]>([
    ['a repeat', 200, (path) => [whole(path, signedOrder, json)]],
    ['octets asked for', 200, (path) => [whole(path, signedOrder, json, 'Accept: application/octet-stream')]],
    ['text asked for', 200, (path) => [whole(path, signedOrder, json, 'Accept: text/html')]],
    ['a preference', 200, (path) => [whole(path, signedOrder, json, 'Prefer: wait=7')]],
    ['a preference for nothing', 400, (path) => [whole(path, signedOrder, json, 'Prefer: wait=0')]],
    ['a connection to be closed', 200, (path) => [whole(path, signedOrder, json, 'Connection: close')]],
    ['HTTP/1.0', 200, (path) => [whole(path, signedOrder, json).replace('HTTP/1.1', 'HTTP/1.0')]],
    ['a character set', 200, (path) => [whole(path, signedOrder, `${json}; charset=utf-8`)]],
    ['a parameter that is none', 200, (path) => [whole(path, signedOrder, `${json}; charset`)]],
    ['another type', 415, (path) => [whole(path, signedOrder, 'Content-Type: text/plain')]],
    ['no type', 415, (path) => [whole(path, signedOrder)]],
    ['no body', 415, (path) => [head(path, json)]],
    ['a body of nothing', 400, (path) => [whole(path, '', json)]],
    ['a compressed body', 415, (path) => [whole(path, signedOrder, json, 'Content-Encoding: gzip')]],
    ['no JSON', 400, (path) => [whole(path, 'order', json)]],
    ['a name twice', 400, (path) => [whole(path, '{"requestId":"a","requestId":"a"}', json)]],
    ['a rule broken', 422, (path) => [whole(path, JSON.stringify(order({ documentType: 'ZZ' })), json)]],
    ['other content', 409, (path) => [whole(path, signedOrder.replace('1.8', '1.7'), json)]],
    ['a body in halves', 200, (path) => halves(whole(path, signedOrder, json))],
    ['a head in halves', 200, (path) => halves(whole(path, signedOrder, json), 20)],
    [
      'a body in chunks',
      200,
      (path) => [`${head(path, json, 'Transfer-Encoding: chunked')}${chunked(signedOrder)}`],
    ],
    [
      'a body that is waited for',
      100,
      (path) => halves(whole(path, signedOrder, json, 'Expect: 100-continue'), -signedOrder.length),
      { count: 2 },
    ],
    ['a body over the limit', 413, (path) => [whole(path, tooLong, json)]],
    [
      'a body over the limit in chunks',
      413,
      (path) => [`${head(path, json, 'Transfer-Encoding: chunked')}${chunked(tooLong)}`],
    ],
    ['a body far over the limit', 413, (path) => [head(path, json, 'Content-Length: 99999999999')]],
    ['no HTTP', 400, (path) => [head(path, json, 'Content-Length: one')]],
    [
      'several in one write',
      200,
      (path) => [[signedOrder, 'order', signedOrder].map((body) => whole(path, body, json)).join('')],
      { count: 3 },
    ],
    ['another role', 403, (path) => [whole(path, signedOrder, json)], { holder: 'auditor' }],
    ['no certificate', 401, (path) => [whole(path, signedOrder, json)], { holder: 'nobody' }],
  ])('%s: %i', async (_, status, parts, options) => {
    await station.post('/v1/sods', signedOrder);
    const before = signed();
    const [past, through] = [
      await answersTo(parts(direct), options),
      await answersTo(parts(routed), options),
    ];
    expect(past).toEqual(through);
    expect(past).toHaveLength(options?.count ?? 1);
    expect(past[0]).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(signed()).toEqual(before);
  });

  function halves(text: string, at = Math.floor(text.length / 2)): readonly string[] {
    return [text.slice(0, at), text.slice(at)];
  }

  it('signed anew: the same headers, and several in one write are answered in their order', async () => {
    const answers = await Promise.all(
      [direct, routed].map(async (path) => {
        const orders = [order(), order(), order()];
        const write = orders.map((each) => whole(path, JSON.stringify(each), json)).join('');
        const found = await answersTo([write], { count: 3 });
        const bodies = found.map((answer) => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as object);
        expect(bodies).toMatchObject(orders.map(({ requestId }) => ({ requestId })));
        return found.map((answer) => answer.replace(/Content-Length: \d+\r\n[^]*/, ''));
      }),
    );
    expect(answers[0]?.[0]).toMatch(/^HTTP\/1.1 201 Created\r\n/);
    expect(answers[0]).toEqual(answers[1]);
  });

  it.each([direct, routed])('who goes away half-way leaves nothing behind: %s', async (path) => {
    const before = signed();
    const logged = service.log().length;
    const socket = await connect('station');
    const text = whole(path, JSON.stringify(order()), json);
    await new Promise((resolve) => socket.write(text.slice(0, -10), resolve));
    await sleep(50);
    socket.destroy();
    expect((await station.post('/v1/sods', order())).status).toBe(201);
    expect(signed()).toMatchObject({ sods: before.sods + 1, uses: before.uses + 1 });
    expect(service.log().slice(logged)).not.toContain('"level":50');
  });

  it.each([direct, routed])('who goes away before the answer finds it later: %s', async (path) => {
    const body = order();
    const socket = await connect('station');
    await new Promise((resolve) => socket.write(whole(path, JSON.stringify(body), json), resolve));
    socket.destroy();
    const answer = await station.post('/v1/sods', body);
    expect([200, 201]).toContain(answer.status);
    expect(service.log()).not.toContain('"level":50');
  });
});

describe('who may use it', () => {
  const at = () => ({ home: instance.home, port: instance.portBase });

  async function refusedTo(caller: Station): Promise<ProblemDocument> {
    try {
      const found = await refusal(() => caller.get('/v1/sods/order-1'));
      const problem = await refusal(() => caller.post('/v1/sods', order()));
      expect(found).toEqual(problem);
      expect(problem.rule).toMatch(/^access-/);
      expect(problem.mend).toBeTruthy();
      return problem;
    } finally {
      caller.close();
    }
  }

  it('nobody without a certificate', async () => {
    expect(await refusedTo(new Station(at()))).toMatchObject({
      status: 401,
      type: 'urn:sigillo:problem:client-certificate-required',
    });
  });

  it.each(['officer-1', 'inspection', 'auditor'])('not %s, who has another role', async (holder) => {
    expect(await refusedTo(new Station({ ...at(), holder }))).toMatchObject({
      status: 403,
      type: 'urn:sigillo:problem:not-authorised',
      rule: 'access-role',
    });
  });

  it('not the server itself', async () => {
    expect(await refusedTo(new Station({ ...at(), holder: 'server' }))).toMatchObject({ status: 403 });
  });

  it('not a station whose certificate has expired', async () => {
    const problem = await refusedTo(new Station({ ...at(), holder: 'expired-station' }));
    expect(problem).toMatchObject({ status: 403, type: 'urn:sigillo:problem:client-certificate-refused' });
    expect(problem.detail).toContain('expired');
  });

  it('not a station of another CA', async () => {
    const key = softwareKey('ecdsa-P-256-sha256');
    const ca = issue({ key, commonName: 'Other access CA', ecParameters: 'named', extensions: [] });
    expect(await refusedTo(new Station({ ...at(), credential: stationOf(ca) }))).toMatchObject({
      status: 403,
      type: 'urn:sigillo:problem:client-certificate-refused',
    });
  });

  it('not a station of another CA that goes by the name of ours', async () => {
    const pem = readFileSync(join(instance.home, 'credentials/station/ca.pem'), 'utf8');
    const ours = decodeCertificate(derOf(pem));
    const impostor: IssuedCertificate = {
      bytes: ours.bytes,
      key: softwareKey('ecdsa-P-256-sha256'),
      subject: ours.subject.bytes,
      serialNumber: ours.serialNumber,
    };
    expect(await refusedTo(new Station({ ...at(), credential: stationOf(impostor) }))).toMatchObject({
      status: 403,
      type: 'urn:sigillo:problem:client-certificate-refused',
    });
  });

  it('not a certificate that signed itself', async () => {
    const key = softwareKey('ecdsa-P-256-sha256');
    const self = issue({ key, commonName: 'station', ecParameters: 'named', extensions: [] });
    const credential = { cert: pemOf(self.bytes), key: privateKeyOf(self) };
    expect(await refusedTo(new Station({ ...at(), credential }))).toMatchObject({ status: 403 });
  });

  it('not a station that was revoked, not on a connection from before either', async () => {
    const revoked = new Station({ ...at(), holder: 'revoked-station' });
    const body = order();
    expect((await revoked.post('/v1/sods', body)).status).toBe(201);
    const batch = openBatch({ ...instance, holder: 'revoked-station' });
    const answer = wholeAnswer(batch);
    batch.write(ndjson([body]));
    revoke('revoked-station');
    let { status } = await revoked.post('/v1/sods', body);
    for (let attempt = 0; status === 200 && attempt < 300; attempt += 1) {
      await sleep(100);
      ({ status } = await revoked.post('/v1/sods', body));
    }
    expect(await refusedTo(revoked)).toMatchObject({
      status: 403,
      type: 'urn:sigillo:problem:not-authorised',
    });
    const { lines } = await answer;
    expect(lines).toMatchObject([
      { requestId: body['requestId'], status: 200 },
      { status: 403, type: 'urn:sigillo:problem:not-authorised' },
    ]);
    expect(schemaViolations(openApi, { $ref: '#/components/schemas/ProblemLine' }, lines[1])).toEqual([]);
  });

  it('anybody may read how it is used', async () => {
    const stranger = new Station(at());
    expect((await stranger.get('/openapi.json')).status).toBe(200);
    stranger.close();
  });

  function revoke(holder: string): void {
    const pem = readFileSync(join(instance.home, 'credentials', holder, 'cert.pem'), 'utf8');
    const { serialNumber } = decodeCertificate(derOf(pem));
    const database = new DatabaseSync(join(instance.home, 'records.sqlite'), { timeout: 5_000 });
    database
      .prepare('INSERT INTO revocations (serial_number, revoked_at, reason) VALUES (?, ?, ?)')
      .run(serialNumber.toString(16), new Date().toISOString(), 'test');
    database.close();
  }

  function stationOf(ca: IssuedCertificate) {
    const key = softwareKey('ecdsa-P-256-sha256');
    const request = { key, commonName: 'station', issuer: ca, serialNumber: 5n, extensions: [] };
    const certificate = issue({ ...request, ecParameters: 'named' });
    return { cert: pemOf(certificate.bytes), key: privateKeyOf(certificate) };
  }

  function privateKeyOf({ key }: IssuedCertificate): string {
    return key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  }

  function pemOf(der: Uint8Array): string {
    return `-----BEGIN CERTIFICATE-----\n${base64(der)}\n-----END CERTIFICATE-----\n`;
  }

  function derOf(pem: string): Uint8Array {
    return Uint8Array.from(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'));
  }
});

describe('OpenAPI', () => {
  interface Operation {
    readonly operationId: string;
    readonly responses: Record<
      string,
      { description: string; content?: Record<string, { schema: unknown }> }
    >;
    readonly requestBody?: { required: boolean; content: Record<string, { schema: unknown }> };
    readonly parameters?: readonly { name: string; in: string; required: boolean; schema: unknown }[];
  }

  const operations = () =>
    Object.entries(openApi['paths'] as Record<string, Record<string, Operation>>).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
    );

  it('is a 3.1 document with everything that the specification requires', () => {
    expect(openApi).toMatchObject({
      openapi: expect.stringMatching(/^3\.1\.\d+$/),
      info: { title: expect.any(String), version: expect.any(String) },
      security: [{ mutualTLS: [] }],
      components: { securitySchemes: { mutualTLS: { type: 'mutualTLS' } } },
    });
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations()) {
      expect(path).toMatch(/^\//);
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(status).toMatch(/^[1-5]\d\d$/);
        expect(response.description).toBeTruthy();
      }
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(parameters.map(({ name }) => name)).toEqual(inPath);
    }
  });

  it('has no reference that leads nowhere', () => {
    const references: string[] = [];
    JSON.stringify(openApi, (key, value: unknown) => {
      if (key === '$ref') references.push(String(value));
      return value;
    });
    expect(references.length).toBeGreaterThan(0);
    for (const reference of references) expect(resolveReference(openApi, reference)).toBeTypeOf('object');
  });

  it('describes every path that the service has', () => {
    const found = operations().map(({ method, path }) => `${method} ${path}`);
    expect(found).toEqual(
      expect.arrayContaining([
        'post /v1/sods',
        'post /v1/sods/batch',
        'get /v1/sods/{requestId}',
        'get /v1/sods/{requestId}/proof',
      ]),
    );
  });

  it.each<[string, Record<string, unknown>]>([
    ['an unknown field', { colour: 'red' }],
    ['data group 17', { dataGroupHashes: { 17: 'AAAA' } }],
    ['rubbish in base64', { dataGroupHashes: { 1: '*' } }],
    ['a digest that there is not', { digestAlgorithm: 'MD5' }],
    ['a document type in small letters', { documentType: 'p' }],
  ])('its schema refuses %s too', (_, changes) => {
    const schema = { $ref: '#/components/schemas/SodRequest' };
    expect(schemaViolations(openApi, schema, order(changes))).not.toEqual([]);
    expect(schemaViolations(openApi, schema, order())).toEqual([]);
  });
});
