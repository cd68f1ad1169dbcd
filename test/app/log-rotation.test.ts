import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeCheckpoint } from '../../src/formats/log/checkpoint.ts';
import type { TestInstance } from '../support/instance.ts';
import { endInstance, serveInstance } from '../support/served-instance.ts';
import { eventually, Served, sigillo, sodRequest } from '../support/served.ts';
import type { Station } from '../support/station.ts';

/** A new key of the log, beside a running service: one key signs, then both, then the other one. In order. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), 'sigillo-log-rotation-'));
const path = (name: string) => join(folder, name);
let instance: TestInstance;
let service: Served;
let station: Station;

beforeAll(async () => {
  const options = { algorithms: ['ecdsa-P-256-sha256'], processes: 1 };
  ({ instance, service, station } = await serveInstance(options));
  await prove('before');
  writeFileSync(path('first.checkpoint'), await checkpoint());
  writeFileSync(path('old.vkey'), readFileSync(trusted()));
});
afterAll(async () => {
  await endInstance({ instance, service, station });
  rmSync(folder, { recursive: true, force: true });
});

const trusted = () => join(instance.home, 'trust', 'log.vkey');
const rotate = (...args: readonly string[]) => sigillo('rotate', 'log', ...args, '--home', instance.home);

async function checkpoint(): Promise<Buffer> {
  const answer = await fetch(`http://localhost:${instance.portBase + 3}/log/checkpoint`);
  return Buffer.from(await answer.arrayBuffer());
}

/** How many keys have signed the checkpoint that is served. */
async function signatures(): Promise<number> {
  return decodeCheckpoint(await checkpoint()).note.signatures.length;
}

/** Has a SOD signed, and writes it with its proof. */
async function prove(name: string): Promise<void> {
  const answer = await station.post('/v1/sods', sodRequest(name, 'PA'));
  expect(answer.status).toBe(201);
  writeFileSync(path(`${name}.sod`), Buffer.from(String(answer.json()['sod']), 'base64'));
  await eventually('a proof', async () => {
    const proof = await station.get(`/v1/sods/${name}/proof`);
    writeFileSync(path(`${name}.tlog-proof`), proof.body);
    return proof.status === 200;
  });
}

/** The verdict on a proof offline, with these vkeys. */
async function verdict(name: string, trust: string): Promise<string> {
  const sod = ['--sod', path(`${name}.sod`)];
  const { stdout } = await sigillo('verify', '--json', path(`${name}.tlog-proof`), '--trust', trust, ...sod);
  return (JSON.parse(stdout) as { verdict: string }).verdict;
}

describe('the key of the log changes', () => {
  it('only one step after the other', async () => {
    const early = await rotate('--retire');
    expect([early.code, early.stderr]).toEqual([1, expect.stringMatching(/only one key.*\n.*L-ROTATION/)]);
    const made = await rotate();
    expect([made.code, made.stderr]).toEqual([0, '']);
    expect(made.stdout).toMatch(/making key pair of the log \(ed25519\)/);
    const again = await rotate();
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringMatching(/two keys of the log sign already/),
    ]);
  });

  it('at first both sign, so that whoever knows either goes on', async () => {
    await eventually('both signatures', async () => (await signatures()) === 2);
    await eventually('both vkeys in the trust folder', () => keysIn(trusted()).length === 2);
    const [newer, older] = keysIn(trusted());
    expect([older]).toEqual(keysIn(path('old.vkey')));
    writeFileSync(path('new.vkey'), `${newer}\n`);
    const published = await fetch(`http://localhost:${instance.portBase + 3}/log/vkey`);
    expect(await published.text()).toBe(readFileSync(trusted(), 'utf8'));
    await prove('between');
    expect(await verdict('between', path('old.vkey'))).toBe('TRUSTED');
    expect(await verdict('between', path('new.vkey'))).toBe('TRUSTED');
    const since = ['--since', path('first.checkpoint')];
    await sigillo('export', 'consistency', '--home', instance.home, ...since, '--out', path('to-both'));
    const known = await sigillo('verify', path('to-both'), ...since, '--trust', path('old.vkey'));
    expect([known.code, known.stdout]).toEqual([0, expect.stringMatching(/TRUSTED/)]);
  });

  it('then the older one is retired, and the newer one signs alone, after a restart too', async () => {
    const retired = await rotate('--retire');
    expect([retired.code, retired.stderr]).toEqual([0, '']);
    expect(retired.stdout).toMatch(/^retired: log-ed25519\. /);
    await eventually('one signature', async () => (await signatures()) === 1);
    station.close();
    expect(await service.stop()).toBe(0);
    service = new Served(instance);
    await service.untilReady();
    station = service.station();
    await prove('after');
    expect(await signatures()).toBe(1);
  });

  it('old and new proofs hold offline with the keys that the trust folder has, each with its own', async () => {
    const trust = join(instance.home, 'trust');
    for (const name of ['before', 'between', 'after']) expect(await verdict(name, trust)).toBe('TRUSTED');
    expect(await verdict('before', path('new.vkey'))).toBe('UNDETERMINED');
    expect(await verdict('after', path('old.vkey'))).toBe('UNDETERMINED');
    const text = readFileSync(path('after.tlog-proof'), 'utf8');
    writeFileSync(
      path('after.tlog-proof'),
      text.replace(/\n(\d+)\n/, (_, size) => `\n${Number(size) + 1}\n`),
    );
    expect(await verdict('after', trust)).toBe('INVALID');
  });

  it('fsck and audit hold over all of it, and say when a key was not given', async () => {
    const fsck = (...args: readonly string[]) => sigillo('fsck', '--home', instance.home, ...args);
    expect((await fsck('--trust', trusted())).stdout).toMatch(/everything holds/);
    const partly = await fsck('--trust', path('new.vkey'));
    expect([partly.code, partly.stdout]).toEqual([
      1,
      expect.stringMatching(/vkey: on record is .* not given/),
    ]);
    await sigillo('export', 'log', '--home', instance.home, path('export'));
    expect(keysIn(join(path('export'), 'log.vkey'))).toEqual(keysIn(trusted()));
    const since = ['--since', path('first.checkpoint')];
    const audited = await sigillo('audit', path('export'), '--trust', trusted(), ...since);
    expect([audited.code, audited.stdout]).toEqual([0, expect.stringMatching(/everything holds/)]);
  });

  it('--retire is for nothing else', async () => {
    const { code, stderr } = await sigillo('rotate', 'csca', '--retire', '--home', instance.home);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/only a key of the log/)]);
  });
});

function keysIn(file: string): readonly string[] {
  return readFileSync(file, 'utf8').trim().split('\n');
}
