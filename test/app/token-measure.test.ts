import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { healthKey } from '../../hsm/health-key.ts';
import { softHsmModule } from '../../hsm/softhsm.ts';
import { configure } from '../support/configuration.ts';
import { FaultyToken } from '../support/faulty-token.ts';
import { makeTestInstance, serve, type TestInstance } from '../support/instance.ts';
import { sigillo } from '../support/served.ts';

/** `sigillo token measure` on a token in the machine, and on one that is as far away as an HSM behind a network. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let instance: TestInstance;
let token: FaultyToken;

beforeAll(async () => {
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
  await (await serve(instance.home, instance.portBase)).stop();
  token = new FaultyToken(join(instance.home, 'faulty'), softHsmModule() ?? '');
});
afterAll(() => instance?.remove());

function useModule(module: string): void {
  configure(instance.home, { token: { module } });
}

interface Line {
  readonly processes: number;
  readonly sessions: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly recommended?: { readonly processes: number; readonly sessions: number };
}

const measure = (...args: readonly string[]) =>
  sigillo('token', 'measure', '--home', instance.home, '--seconds', '0.4', ...args);

describe('sigillo token measure', () => {
  it('recommends synchronous processes for a module in the machine', async () => {
    useModule(softHsmModule() ?? '');
    const { code, stdout, stderr } = await measure('--json');
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    const settings = lines.slice(0, -1);
    for (const { perSecond, p50Ms, p99Ms } of settings) {
      expect(perSecond).toBeGreaterThan(0);
      expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
    }
    expect(settings.map(({ sessions }) => sessions)).toEqual(expect.arrayContaining([1, 4, 16, 32]));
    expect(settings.some(({ processes }) => processes > 1)).toBe(true);
    const recommended = lines.at(-1)?.recommended;
    expect(recommended?.sessions).toBe(1);
    // Of the processes, none that was tried does much better than those that it recommends.
    const synchronous = settings.filter(({ sessions }) => sessions === 1);
    const chosen = synchronous.find(({ processes }) => processes === recommended?.processes);
    const best = Math.max(...synchronous.map(({ perSecond }) => perSecond));
    expect((chosen?.perSecond ?? 0) * 1.06).toBeGreaterThanOrEqual(best);
  });

  it('recommends many signatures under way for a token that is far away, by its health key alone', async () => {
    useModule(token.module);
    token.fail({ call: 'C_Sign', delayMs: 40 });
    const { code, stdout } = await measure();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^processes +sessions +signatures\/s +p50 ms +p99 ms\n(?: +[\d.]+){5}\n/);
    const [, processes, sessions] =
      /\nIn sigillo\.yaml, under token:\n {2}processes: (\d+)\n {2}sessions: (\d+)\n$/.exec(stdout) ?? [];
    expect(Number(processes)).toBe(1);
    expect(Number(sessions)).toBeGreaterThanOrEqual(16);
    expect([...token.signatures().keys()]).toEqual([healthKey.keyId]);
  });

  it.each([
    [['--token', 'third'], 1, /sigillo\.yaml has no token third/],
    [['--seconds', 'some'], 2, /write a number of seconds/],
  ] as const)('says what is wrong with %s', async (args, expected, reason) => {
    const { code, stdout, stderr } = await measure(...args);
    expect([code, stdout, stderr]).toEqual([expected, '', expect.stringMatching(reason)]);
  });
});
