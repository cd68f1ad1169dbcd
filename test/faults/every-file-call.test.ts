import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { actNames } from '../support/acts.ts';
import { everyCall } from '../support/every-call.ts';
import type { Round } from '../support/every-file-call.ts';
import { makeTestInstance, serve, type TestInstance } from '../support/instance.ts';

vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 300_000 });

const [eio, enospc] = [5, 28];
const program = fileURLToPath(new URL('../support/every-file-call.ts', import.meta.url));
const source = fileURLToPath(new URL('../support/faulty-files/faulty-files.c', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sigillo-files-'));
const library = join(folder, 'faulty-files.so');
let instance: TestInstance;

beforeAll(async () => {
  const flags = ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-shared', '-fPIC'];
  execFileSync('cc', [...flags, '-o', library, source, '-ldl', '-lpthread']);
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
  await (await serve(instance.home, instance.portBase)).stop();
});
afterAll(() => {
  instance?.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Rounds of one act, in a process whose calls on the files of the records fail, one in each round. */
async function roundsOf(act: string, error: number | 'kill', isApplied: boolean): Promise<readonly Round[]> {
  const out = join(folder, `${act}-${error}-${isApplied}`);
  const args = [program, instance.home, act, String(error), String(Number(isApplied)), out];
  const kills = error === 'kill' ? '1' : '0';
  const fault = { FAULTY_FILES_PATH: 'records.sqlite', FAULTY_FILES_KILL: kills };
  const env = { ...process.env, LD_PRELOAD: library, ...fault };
  for (let isOver = false; !isOver; ) {
    isOver = await promisify(execFile)(process.execPath, args, { env }).then(
      () => true,
      (failure: unknown) => {
        const isKilled = failure instanceof Error && 'signal' in failure && failure.signal === 'SIGKILL';
        if (kills === '1' && isKilled) return false;
        throw failure;
      },
    );
  }
  return readFileSync(out, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Round);
}

describe.each([
  ['EIO, not applied', eio, false],
  ['ENOSPC, not applied', enospc, false],
  ['EIO, applied and the answer lost', eio, true],
] as const)('the k-th call on the files of the records fails: %s', (_, error, isApplied) => {
  it.each(actNames)('of one %s: opened again it is whole, and the act is completed once', async (act) => {
    const rounds = await roundsOf(act, error, isApplied);
    expect(rounds.length).toBeGreaterThan(2);
    for (const round of rounds) expect(round).toMatchObject({ breaches: [] });
    // Every call reaches the records: some failures are the caller's to hear of.
    expect(rounds.some(({ failed }) => failed !== undefined)).toBe(true);
    expect(rounds.some(({ said }) => said.startsWith('unavailable: '))).toBe(true);
  });
});

// The work of a call that a killed process has begun is done or not; both are the same to who opens the records.
describe.each(everyCall ? [false, true] : [false])(
  'the process is killed in the k-th call on the files of the records (applied: %s)',
  (isApplied) => {
    it.each(actNames)('of one %s: opened again it is whole, and the act is completed once', async (act) => {
      const rounds = await roundsOf(act, 'kill', isApplied);
      const killed = rounds.filter(({ said }) => said === 'killed');
      expect(killed.length).toBeGreaterThan(2);
      for (const round of rounds) expect(round).toMatchObject({ breaches: [] });
      for (const { failed } of killed) expect(failed).toEqual(expect.any(String));
    });
  },
);
