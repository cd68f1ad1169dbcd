import { createHash } from 'node:crypto';
import http from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeCheckpoint } from '../../src/formats/log/checkpoint.ts';
import { decodeLogLeaf } from '../../src/formats/log/log-leaf.ts';
import { leafHash } from '../../src/formats/log/merkle-tree.ts';
import { decodeEntryBundle, splitHashes } from '../../src/formats/log/tiles.ts';
import { decodeVerifierKey, verifyNote } from '../../src/formats/log/verifier-key.ts';
import { makeTestInstance, type RunningService, serve, type TestInstance } from '../support/instance.ts';
import { mth } from '../support/rfc6962.ts';

/** The public distribution as border control fetches it: plain HTTP, read-only, conditional requests. */

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

interface IndexEntry {
  readonly kind: string;
  readonly path: string;
  readonly title: string;
  readonly mediaType: string;
  readonly octets: number;
  readonly sha256: string;
  readonly issuedAt: string;
  readonly validFrom: string;
  readonly validUntil: string | null;
  readonly nextUpdate: string | null;
}

interface Index {
  readonly issuer: Record<string, string>;
  readonly development: boolean;
  readonly artefacts: readonly IndexEntry[];
}

let instance: TestInstance;
let service: RunningService;
let index: Index;

beforeAll(async () => {
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256', 'ecdsa-brainpoolP256r1-sha256'] });
  service = await serve(instance.home, instance.portBase);
  index = JSON.parse((await get('/index.json')).body.toString()) as Index;
});

afterAll(async () => {
  await service?.stop();
  instance?.remove();
});

function send(method: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const port = instance.portBase + 3;
  return new Promise((resolve, reject) => {
    const request = http.request({ host: 'localhost', port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const { statusCode = 0, headers: received } = response;
        resolve({ status: statusCode, headers: received, body: Buffer.concat(chunks) });
      });
    });
    request.once('error', reject);
    request.end();
  });
}

const get = (path: string, headers?: Record<string, string>) => send('GET', path, headers);

const shown = [
  ['the page for people', () => '/'],
  ['the index', () => '/index.json'],
  ['the CSCA certificate', () => pathOf('csca')],
  ['a Document Signer certificate', () => pathOf('document-signer')],
  ['the CRL', () => '/crl/UTO.crl'],
  ['the CRL by its other name', () => '/crl/UT.crl'],
  ['the master list', () => '/masterlist/UTO.ml'],
] as const;

function pathOf(kind: string): string {
  return index.artefacts.find((artefact) => artefact.kind === kind)?.path ?? `/no ${kind}`;
}

describe.each(shown)('%s', (_, path) => {
  it('has a strong ETag, a date and a time to be kept', async () => {
    const { status, headers, body } = await get(path());
    expect(status).toBe(200);
    expect(body.length).toBe(Number(headers['content-length']));
    expect(headers.etag).toMatch(/^"[0-9a-f]{64}"$/);
    expect(headers.etag).toBe(`"${createHash('sha256').update(body).digest('hex')}"`);
    expect(Date.parse(headers['last-modified'] ?? '')).toBeLessThanOrEqual(Date.now());
    expect(headers['cache-control']).toMatch(/^public, max-age=\d+$/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['set-cookie']).toBeUndefined();
    expect(headers['x-powered-by']).toBeUndefined();
  });

  it('HEAD answers the same without the body', async () => {
    const whole = await get(path());
    const head = await send('HEAD', path());
    expect(head.status).toBe(200);
    expect(head.body.length).toBe(0);
    for (const name of [
      'etag',
      'last-modified',
      'cache-control',
      'content-type',
      'content-length',
    ] as const) {
      expect(head.headers[name]).toBe(whole.headers[name]);
    }
  });

  it.each(['GET', 'HEAD'])('%s answers 304 to who has it', async (method) => {
    const { headers } = await get(path());
    const etag = headers.etag ?? '';
    const date = headers['last-modified'] ?? '';
    const later = new Date(Date.parse(date) + 3_600_000).toUTCString();
    for (const condition of [
      { 'if-none-match': etag },
      { 'if-none-match': `"other", ${etag}` },
      { 'if-none-match': `W/${etag}` },
      { 'if-none-match': '*' },
      { 'if-modified-since': date },
      { 'if-modified-since': later },
      { 'if-none-match': etag, 'if-modified-since': new Date(0).toUTCString() },
    ]) {
      const answer = await send(method, path(), condition);
      expect({ condition, status: answer.status }).toEqual({ condition, status: 304 });
      expect(answer.body.length).toBe(0);
      expect(answer.headers.etag).toBe(etag);
      expect(answer.headers['cache-control']).toBe(headers['cache-control']);
    }
  });

  it('answers in full to who has something else', async () => {
    const { headers, body } = await get(path());
    const date = headers['last-modified'] ?? '';
    for (const condition of [
      { 'if-none-match': '"other"' },
      { 'if-modified-since': new Date(Date.parse(date) - 1_000).toUTCString() },
      { 'if-modified-since': 'no date' },
      // An entity tag that does not match counts, whatever the date says (RFC 9110 §13.2.2).
      { 'if-none-match': '"other"', 'if-modified-since': date },
    ]) {
      const answer = await get(path(), condition);
      expect({ condition, status: answer.status }).toEqual({ condition, status: 200 });
      expect(answer.body).toEqual(body);
    }
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('405 for %s', async (method) => {
    const answer = await send(method, path());
    expect(answer.headers['allow']).toBe('GET, HEAD');
    expect(problemIn(answer)).toMatchObject({ status: 405, type: 'urn:sigillo:problem:method-not-allowed' });
  });
});

function problemIn({ status, headers, body }: Answer): Record<string, unknown> {
  expect(headers['content-type']).toBe('application/problem+json');
  const problem = JSON.parse(body.toString()) as Record<string, unknown>;
  expect(problem).toMatchObject({
    status,
    type: expect.any(String),
    title: expect.any(String),
    detail: expect.any(String),
    mend: expect.any(String),
  });
  return problem;
}

describe('what is not published', () => {
  it.each([
    '/nothing',
    '/crl/XOM.crl',
    '/csca/',
    '/csca/..%2F..%2Fsigillo.yaml',
    '/../records.sqlite',
    '/%2e%2e/secrets/pin',
    '/crl/UTO.crl/',
    '/CRL/UTO.CRL',
    '/%00',
    '/%E0%A4%A',
    '//',
  ])('404 for %s', async (path) => {
    expect(problemIn(await get(path))).toMatchObject({ status: 404, type: 'urn:sigillo:problem:not-found' });
  });

  it('404 without a body for HEAD', async () => {
    const { status, body } = await send('HEAD', '/nothing');
    expect([status, body.length]).toEqual([404, 0]);
  });

  it('a query says nothing', async () => {
    expect((await get('/crl/UTO.crl?x=1')).body).toEqual((await get('/crl/UTO.crl')).body);
  });
});

describe('the index', () => {
  it('says whose it is, and that it is for development', () => {
    expect(index.issuer).toEqual({
      country: 'UT',
      mrzCode: 'UTO',
      organization: expect.stringContaining('DEVELOPMENT'),
    });
    expect(index.development).toBe(true);
  });

  it('lists everything with the digest, length and type of what is served', async () => {
    const kinds = index.artefacts.map(({ kind }) => kind).toSorted();
    const signers = ['document-signer', 'document-signer', 'master-list', 'master-list-signer'];
    expect(kinds).toEqual(['crl', 'csca', ...signers]);
    for (const { path, sha256, octets, mediaType } of index.artefacts) {
      const { status, headers, body } = await get(path);
      expect(status).toBe(200);
      expect(createHash('sha256').update(body).digest('hex')).toBe(sha256);
      expect(body.length).toBe(octets);
      expect(headers['content-type']).toBe(mediaType);
    }
  });

  it('says from when until when, and when to come back', () => {
    for (const { kind, issuedAt, validFrom, validUntil, nextUpdate } of index.artefacts) {
      expect(Date.parse(issuedAt)).toBeLessThanOrEqual(Date.now());
      expect(Date.parse(validFrom)).toBeLessThanOrEqual(Date.now());
      if (kind !== 'master-list') expect(Date.parse(validUntil ?? '')).toBeGreaterThan(Date.now());
      if (kind === 'crl') expect(Date.parse(nextUpdate ?? '')).toBeGreaterThan(Date.now());
    }
  });

  it('what is named by its digest may be kept longer than what is replaced', async () => {
    const maxAge = async (path: string) =>
      Number(/max-age=(\d+)/.exec((await get(path)).headers['cache-control'] ?? '')?.[1]);
    expect(await maxAge(pathOf('csca'))).toBeGreaterThan(await maxAge('/crl/UTO.crl'));
    expect(pathOf('csca')).toContain(index.artefacts.find(({ kind }) => kind === 'csca')?.sha256);
  });

  it('the CRL and the master list have two names and the same octets', async () => {
    for (const [long, short] of [
      ['/crl/UTO.crl', '/crl/UT.crl'],
      ['/masterlist/UTO.ml', '/masterlist/UT.ml'],
    ] as const) {
      const [one, other] = [await get(long), await get(short)];
      expect(other.body).toEqual(one.body);
      expect(other.headers.etag).toBe(one.headers.etag);
    }
  });
});

describe('the page for people', () => {
  it('says at its top that nothing here is of a state', async () => {
    const { headers, body } = await get('/');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    const html = body.toString();
    expect(html).toMatch(/^<!doctype html>/);
    const banner = html.indexOf('Development instance.');
    expect(banner).toBeGreaterThan(0);
    expect(banner).toBeLessThan(html.indexOf('<h1>'));
  });

  it('links to everything that the index lists, with its digest', async () => {
    const html = (await get('/')).body.toString();
    const links = [...html.matchAll(/href="([^"]+)"/g)].map(([, href]) => href);
    expect(new Set(links)).toEqual(
      new Set(['/index.json', '/log/checkpoint', '/log/vkey', ...index.artefacts.map(({ path }) => path)]),
    );
    for (const { sha256 } of index.artefacts) expect(html).toContain(sha256);
  });

  it('runs nothing, loads nothing and is framed by nobody', async () => {
    const { headers, body } = await get('/');
    const policy = String(headers['content-security-policy'])
      .split(';')
      .map((directive) => directive.trim());
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ]),
    );
    expect(policy.filter((directive) => directive.startsWith('script-src'))).toEqual([]);
    expect(body.toString()).not.toMatch(/<script|<img|<link|\son\w+=|javascript:/i);
  });
});

describe('the log', () => {
  it('publishes its vkey and a checkpoint that verifies, to be asked for anew each time', async () => {
    const { log } = index as Index & { readonly log: { readonly vkey: string; readonly checkpoint: string } };
    const answer = await get(log.checkpoint);
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('public, no-cache');
    const checkpoint = decodeCheckpoint(answer.body);
    expect(verifyNote(checkpoint.note, [decodeVerifierKey(log.vkey)]).holding).toHaveLength(1);
    expect(checkpoint.origin).toBe(`localhost:${instance.portBase + 3}/log`);
    expect((await get('/log/vkey')).body.toString()).toBe(`${log.vkey}\n`);
    const again = await get(log.checkpoint, { 'If-None-Match': String(answer.headers.etag) });
    expect(again.status).toBe(304);
  });

  it('publishes tiles and entries for ever, which give the root of the checkpoint', async () => {
    const { size, root } = decodeCheckpoint((await get('/log/checkpoint')).body);
    const tile = await get(`/log/tile/0/000.p/${size}`);
    expect(tile.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(tile.headers['content-type']).toBe('application/octet-stream');
    const hashes = splitHashes(tile.body);
    expect(Buffer.from(mth(hashes)).equals(Buffer.from(root))).toBe(true);
    const entries = decodeEntryBundle((await get(`/log/tile/entries/000.p/${size}`)).body);
    expect(entries.map(leafHash).map(hex)).toEqual(hashes.map(hex));
    expect(decodeLogLeaf(Buffer.from(entries[0]!).toString()).event).toBe('key');
    const smaller = await get('/log/tile/0/000.p/3');
    expect(hex(smaller.body)).toBe(hex(tile.body.subarray(0, 96)));
  });

  it('sends entries compressed to who asks for it, under another entity tag', async () => {
    const path = '/log/tile/entries/000.p/5';
    const [plain, compressed] = [await get(path), await get(path, { 'Accept-Encoding': 'gzip' })];
    expect(compressed.headers['content-encoding']).toBe('gzip');
    expect([plain.headers.vary, compressed.headers.vary]).toEqual(['Accept-Encoding', 'Accept-Encoding']);
    expect(gunzipSync(compressed.body).equals(plain.body)).toBe(true);
    expect(compressed.headers.etag).not.toBe(plain.headers.etag);
  });

  it.each([
    'tile/0/000',
    'tile/0/000.p/255',
    'tile/1/000.p/1',
    'tile/0/001.p/1',
    'tile/entries/000',
    'tile',
    '',
  ])('has nothing at /log/%s, which its checkpoint does not cover', async (path) => {
    expect((await get(`/log/${path}`)).status).toBe(404);
  });
});

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
