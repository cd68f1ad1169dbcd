import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTestInstance, type TestInstance } from '../support/instance.ts';
import { Station } from '../support/station.ts';
import { TestWitness } from '../support/witness.ts';
import { eventually, Served, sigillo, sodRequest } from '../support/served.ts';

/** The log as an operator and an auditor use it: by commands, beside a running service, and with files alone. */

const folder = mkdtempSync(join(tmpdir(), 'sigillo-log-'));
const path = (name: string) => join(folder, name);
let instance: TestInstance;
let service: Served;
let vkey: string;

beforeAll(async () => {
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
  service = new Served(instance);
  await service.untilReady();
  vkey = join(instance.home, 'trust', 'log.vkey');
  const first = await sigillo('export', 'log', '--home', instance.home, path('export'));
  expect(first).toMatchObject({ code: 0 });
  writeFileSync(path('first.checkpoint'), readFileSync(join(path('export'), 'checkpoint')));
  const station = service.station();
  for (const requestId of ['one', 'two']) {
    const answer = await station.post('/v1/sods', sodRequest(requestId, 'PA'));
    expect(answer.status).toBe(201);
    const { sod } = JSON.parse(answer.body.toString()) as { sod: string };
    writeFileSync(path(`${requestId}.sod`), Buffer.from(sod, 'base64'));
  }
  station.close();
  await eventually('a proof for the second SOD', async () => {
    const proof = await sigillo(
      'export',
      'proof',
      '--home',
      instance.home,
      '--request',
      'two',
      '--out',
      path('two.tlog-proof'),
    );
    return proof.code === 0;
  });
});
afterAll(async () => {
  await service?.stop();
  instance?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const verify = (...args: readonly string[]) => sigillo('verify', '--json', ...args);

describe('a proof, offline', () => {
  it('holds with the vkey and the product, for one product only', async () => {
    const good = await verify(path('two.tlog-proof'), '--trust', vkey, '--sod', path('two.sod'));
    expect(good).toMatchObject({ code: 0 });
    expect(JSON.parse(good.stdout)).toMatchObject({ kind: 'log-proof', verdict: 'TRUSTED', findings: [] });
    const other = await verify(path('two.tlog-proof'), '--trust', vkey, '--sod', path('one.sod'));
    expect(other.code).toBe(1);
    expect(JSON.parse(other.stdout)).toMatchObject({
      verdict: 'INVALID',
      findings: [{ code: 'LOG_PRODUCT' }],
    });
  });

  it('is found by product too, and takes the trust folder', async () => {
    const made = await sigillo(
      'export',
      'proof',
      '--home',
      instance.home,
      '--file',
      path('one.sod'),
      '--out',
      path('one.tlog-proof'),
    );
    expect(made.code).toBe(0);
    const shown = await sigillo('verify', path('one.tlog-proof'), '--trust', join(instance.home, 'trust'));
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/log-proof {2}TRUSTED/);
  });

  it('says nothing without a key, and does not hold with a bit changed', async () => {
    const without = await verify(path('two.tlog-proof'));
    expect(without.code).toBe(1);
    expect(JSON.parse(without.stdout)).toMatchObject({
      verdict: 'UNDETERMINED',
      findings: [{ code: 'LOG_KEY_UNKNOWN' }],
    });
    const text = readFileSync(path('two.tlog-proof'), 'utf8');
    const changes: readonly (readonly [string, string])[] = [
      [text.replace(/^index \d+/m, 'index 0'), 'LOG_INCLUSION'],
      [text.replace(/\n\d+\n/, '\n3\n'), 'LOG_SIGNATURE'],
      [text.replace(/^extra .*/m, `extra ${Buffer.from('{}').toString('base64')}`), 'LOG_LEAF'],
      [text.replace(/^extra .*\n/m, ''), 'LOG_LEAF_MISSING'],
      [text.slice(0, -10), 'LOG_UNREADABLE'],
    ];
    const files = changes.map(([changed], at) => {
      writeFileSync(path(`changed-${at}`), changed);
      return path(`changed-${at}`);
    });
    const outcome = await verify(...files, '--trust', vkey);
    expect(outcome.code).toBe(1);
    const lines = outcome.stdout.trim().split('\n');
    for (const [at, [, code]] of changes.entries()) expect(lines[at]).toContain(code);
  });

  it('asks for as many cosigners as it is told to', async () => {
    const outcome = await verify(path('two.tlog-proof'), '--trust', vkey, '--cosignatures', '1');
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      verdict: 'UNDETERMINED',
      findings: [{ code: 'LOG_COSIGNATURES' }],
    });
  });
});

describe('a proof, online', () => {
  it('is that of export proof, for stations and auditors, and holds offline', async () => {
    for (const holder of ['station', 'auditor']) {
      const caller = new Station({ home: instance.home, port: instance.portBase, holder });
      const answer = await caller.get('/v1/sods/two/proof');
      caller.close();
      expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
      writeFileSync(path('online.tlog-proof'), answer.body);
      const good = await verify(path('online.tlog-proof'), '--trust', vkey, '--sod', path('two.sod'));
      expect(JSON.parse(good.stdout)).toMatchObject({ kind: 'log-proof', verdict: 'TRUSTED' });
      expect(answer.body).toEqual(readFileSync(path('two.tlog-proof')));
    }
  });

  it('is refused for what was never signed, and to others', async () => {
    const ask = async (holder: string, requestId: string) => {
      const caller = new Station({ home: instance.home, port: instance.portBase, holder });
      const { status } = await caller.get(`/v1/sods/${requestId}/proof`);
      caller.close();
      return status;
    };
    expect(await ask('station', 'three')).toBe(404);
    expect(await ask('station', 'not%20an%20id')).toBe(400);
    expect(await ask('inspection', 'two')).toBe(403);
  });
});

describe('sigillo inspect', () => {
  it('shows a proof with its leaf and checkpoint', async () => {
    const { code, stdout } = await sigillo('inspect', path('two.tlog-proof'));
    expect(code).toBe(0);
    const sha256 = createHash('sha256')
      .update(readFileSync(path('two.sod')))
      .digest('hex');
    expect(stdout).toMatch(new RegExp(`about +sod\n +SHA-256 +${sha256}\n`));
    expect(stdout).toMatch(/leads to +the root hash of the checkpoint\n/);
    expect(stdout).toMatch(/log +localhost:\d+\/log\n +tree +\d+ leaves\n/);
    const text = readFileSync(path('two.tlog-proof'), 'utf8');
    writeFileSync(path('moved.tlog-proof'), text.replace(/^index \d+/m, 'index 0'));
    const moved = await sigillo('inspect', path('moved.tlog-proof'));
    expect(moved.stdout).toMatch(/leads to +no root hash/);
  });

  it('shows checkpoint, consistency proof and vkey, as text and JSON', async () => {
    const checkpoint = await sigillo('inspect', path('first.checkpoint'), '--json');
    expect(JSON.parse(checkpoint.stdout)).toMatchObject({
      kind: 'checkpoint',
      dump: {
        rows: [['log', expect.stringMatching(/^localhost/)], ['tree', expect.any(String)], expect.anything()],
      },
    });
    const key = await sigillo('inspect', vkey);
    const [, keyId] = /key id +([0-9a-f]{8})\n/.exec(key.stdout) ?? [];
    expect(readFileSync(vkey, 'utf8')).toContain(`+${keyId}+`);
    expect((await sigillo('inspect', path('first.checkpoint'))).stdout).toContain(`key id     ${keyId}`);
    const since = ['--since', path('first.checkpoint'), '--out', path('to-inspect')];
    await sigillo('export', 'consistency', '--home', instance.home, ...since);
    const proof = await sigillo('inspect', path('to-inspect'));
    expect(proof.stdout).toMatch(/earlier tree +\d+ leaves\n/);
  });

  it('says what is wrong with a damaged one', async () => {
    writeFileSync(path('cut.tlog-proof'), readFileSync(path('two.tlog-proof')).subarray(0, 120));
    const { code, stdout, stderr } = await sigillo('inspect', path('cut.tlog-proof'));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/cut\.tlog-proof: .*empty line/);
  });
});

describe('consistency, offline', () => {
  it('holds between the checkpoint of an earlier export and now', async () => {
    const made = await sigillo(
      'export',
      'consistency',
      '--home',
      instance.home,
      '--since',
      path('first.checkpoint'),
      '--out',
      path('c'),
    );
    expect(made.code).toBe(0);
    const good = await verify(path('c'), '--since', path('first.checkpoint'), '--trust', vkey);
    expect(JSON.parse(good.stdout)).toMatchObject({ kind: 'consistency-proof', verdict: 'TRUSTED' });
    const without = await verify(path('c'), '--trust', vkey);
    expect(JSON.parse(without.stdout)).toMatchObject({ findings: [{ code: 'LOG_EARLIER_MISSING' }] });
    const lines = readFileSync(path('c'), 'utf8').split('\n');
    writeFileSync(
      path('changed'),
      [lines[0], ...lines.slice(1, 3).toReversed(), ...lines.slice(3)].join('\n'),
    );
    const bad = await verify(path('changed'), '--since', path('first.checkpoint'), '--trust', vkey);
    expect(JSON.parse(bad.stdout)).toMatchObject({
      verdict: 'INVALID',
      findings: [{ code: 'LOG_CONSISTENCY' }],
    });
  });

  it('takes a checkpoint by itself', async () => {
    const good = await verify(path('first.checkpoint'), '--trust', vkey);
    expect(JSON.parse(good.stdout)).toMatchObject({ kind: 'checkpoint', verdict: 'TRUSTED' });
  });
});

describe('a witness', () => {
  it('cosigns what the service publishes; SODs do not wait for it when it is gone', async () => {
    const home = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
    const readVkey = () => readFileSync(join(home.home, 'trust', 'log.vkey'), 'utf8').trim();
    const witness = new TestWitness('witness.example/w1', readVkey);
    const url = await witness.listen();
    const configuration = join(home.home, 'sigillo.yaml');
    const yaml = readFileSync(configuration, 'utf8')
      .replace('witnesses: []', `witnesses: [{ vkey: "${witness.vkey}", url: "${url}" }]`)
      .replace('cosignatures: 0', 'cosignatures: 1');
    writeFileSync(configuration, yaml);
    const cosigned = new Served(home);
    try {
      await cosigned.untilReady();
      const served = async () => (await fetch(`http://localhost:${home.portBase + 3}/log/checkpoint`)).text();
      await eventually('a cosigned checkpoint', async () =>
        (await served()).includes('— witness.example/w1 '),
      );
      writeFileSync(path('w.vkey'), `${witness.vkey}\n`);
      writeFileSync(path('cosigned'), await served());
      const keys = ['--trust', path('w.vkey'), '--trust', join(home.home, 'trust')];
      expect(await verify(path('cosigned'), '--cosignatures', '1', ...keys)).toMatchObject({ code: 0 });
      witness.close();
      const station = cosigned.station();
      expect((await station.post('/v1/sods', sodRequest('alone', 'PA'))).status).toBe(201);
      const unproved = await station.get('/v1/sods/alone/proof');
      expect([unproved.status, unproved.headers['retry-after']]).toEqual([409, '2']);
      expect(unproved.json()).toMatchObject({
        type: 'urn:sigillo:problem:no-checkpoint-yet',
        rule: 'log-checkpoint',
        mend: expect.stringMatching(/Retry-After/),
      });
      station.close();
      expect(await served()).toBe(readFileSync(path('cosigned'), 'utf8'));
    } finally {
      witness.close();
      await cosigned.stop();
      home.remove();
    }
  });
});

describe('fsck and audit', () => {
  it('hold beside a running service, and for an export that goes on from the first', async () => {
    const checked = await sigillo('fsck', '--home', instance.home, '--trust', vkey, '--json');
    expect(checked).toMatchObject({ code: 0 });
    expect(JSON.parse(checked.stdout)).toMatchObject({ defects: 0 });
    const exported = await sigillo('export', 'log', '--home', instance.home, path('export'), '--json');
    expect(exported.code).toBe(0);
    expect(JSON.parse(exported.stdout)).toMatchObject({ artefacts: 2 });
    const audited = await sigillo(
      'audit',
      path('export'),
      '--trust',
      vkey,
      '--since',
      path('first.checkpoint'),
    );
    expect(audited).toMatchObject({ code: 0 });
    expect(audited.stdout).toMatch(/everything holds/);
  });

  it('end with 2 when called wrongly, and say what mends it', async () => {
    const wrong: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['audit', path('export'), '--trust', path('nothing')], 2, /cannot read/],
      [['audit', path('export')], 2, /--trust/],
      [['export', 'proof', '--home', instance.home, '--leaf', '99999'], 1, /not under the checkpoint/],
      [['export', 'proof', '--home', instance.home], 1, /--leaf, --request and --file/],
      [['export', 'consistency', '--home', instance.home, '--since', path('nothing')], 2, /cannot read/],
      [['fsck', '--home', instance.home, '--trust', path('one.sod')], 2, /vkey/],
      [['audit', folder, '--trust', vkey], 1, /^$/],
    ];
    for (const [args, code, message] of wrong) {
      const outcome = await sigillo(...args);
      expect(outcome.code).toBe(code);
      expect(outcome.stderr).toMatch(message);
      expect(outcome.stderr).not.toMatch(/\n\s+at /);
    }
  });

  it('everything is under a checkpoint once the service has ended', async () => {
    const station = service.station();
    expect((await station.post('/v1/sods', sodRequest('last', 'PA'))).status).toBe(201);
    station.close();
    await service.stop();
    const { stdout } = await sigillo('fsck', '--home', instance.home, '--json');
    const { leaves, head } = JSON.parse(stdout) as { leaves: number; head: { size: number } };
    expect(head.size).toBe(leaves);
    expect(existsSync(vkey)).toBe(true);
  });
});
