import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mainModule } from '../support/instance.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigillo-test-bench-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** `sigillo bench` with rounds so short that its figures mean nothing. */
function startBench(...options: string[]) {
  const tiny = [
    '--seconds',
    '0.2',
    '--rounds',
    '2',
    '--in-flight',
    '4',
    '--batch-lines',
    '500',
    '--stations',
    '12',
    '--log-leaves',
    '1000',
    // test/interop/peer.test.ts has it.
    '--no-peer',
    '--algorithms',
    'ecdsa-P-256-sha256',
  ];
  const child = spawn(process.execPath, [mainModule, 'bench', ...tiny, ...options], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = once(child, 'exit').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  /** Waits until this is what it says that it does. */
  const progress = async (doing: string) => {
    while (!stderr.includes(doing)) await sleep(20);
  };
  return { child, ended, progress };
}

// Each makes keys and starts the service several times.
describe('sigillo bench', { timeout: 180_000 }, () => {
  it('prints one object a line with the fields of the contract, and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await startBench('--json').ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const measurements = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(measurements).toMatchObject([
      { bench: 'sod-single', algorithm: 'ecdsa-P-256-sha256', unit: 'SOD/s', inFlight: 4 },
      { bench: 'sod-own-cpu', algorithm: 'ecdsa-P-256-sha256', unit: 'µs', limit: 150 },
      { bench: 'sod-p99-half-load', algorithm: 'ecdsa-P-256-sha256', unit: 'ms' },
      { bench: 'sod-batch', algorithm: 'ecdsa-P-256-sha256', unit: 'SOD/s' },
      { bench: 'service-memory', unit: 'MiB', limit: 250, batchLines: 500 },
      { bench: 'stations-12', unit: 'MiB', limit: 250, stations: 12, perSecond: 6 },
      { bench: 'crl-100000', unit: 'ms' },
      { bench: 'crl-100000-next', unit: 'ms' },
      { bench: 'log-append-1000', unit: 'µs', leaves: 1000 },
      { bench: 'log-proof-1000', unit: 'µs', leaves: 1000 },
      { bench: 'cold-start', unit: 's', limit: 2 },
    ]);
    for (const measurement of measurements) {
      const number: unknown = expect.any(Number);
      expect(measurement).toMatchObject({ ours: number, limit: number, ratio: number });
      expect(measurement['against']).toBeTypeOf('string');
      const isOnce = ['sod-own-cpu', 'service-memory', 'stations-12'].includes(String(measurement['bench']));
      expect(measurement['rounds']).toHaveLength(isOnce ? 1 : 2);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('with --growth compares what many SODs on record do with what few do', async () => {
    const { code, stdout, stderr } = await startBench('--json', '--rounds', '1', '--growth', '2000,50').ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [few, many] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number>);
    expect(few).toMatchObject({ bench: 'growth', recorded: 50, unit: 'SOD/s' });
    expect(many).toMatchObject({ bench: 'growth', against: 'the same with 50 SODs on record' });
    // Those that were signed to measure the first size are there, too.
    expect(many?.['recorded']).toBeGreaterThanOrEqual(2_000);
    expect(many?.['octetsPerSod']).toBeLessThan(1_000);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves nothing behind after Ctrl-C', async () => {
    const { child, ended } = startBench();
    while (readdirSync(folder).length === 0) await sleep(20);
    child.kill('SIGINT');
    expect((await ended).code).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves nothing behind after Ctrl-C in the middle of a round', async () => {
    const { child, ended, progress } = startBench('--seconds', '600');
    await progress('ecdsa-P-256-sha256');
    await sleep(300);
    child.kill('SIGINT');
    expect((await ended).code).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses an algorithm that it cannot make a key for', async () => {
    const child = spawn(process.execPath, [mainModule, 'bench', '--algorithms', 'rsa'], { stdio: 'ignore' });
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(2);
  });
});
