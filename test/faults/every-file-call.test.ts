import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { actNames } from '../support/acts.ts';
import { everyCall } from '../support/every-call.ts';
import { FaultyFiles } from '../support/faulty-files.ts';
import type { Round } from '../support/every-file-call.ts';
import { makeTestInstance, serve, type TestInstance } from '../support/instance.ts';

vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 300_000 });

const [eio, enospc] = [5, 28];
const program = fileURLToPath(new URL('../support/every-file-call.ts', import.meta.url));
const files = new FaultyFiles();
let instance: TestInstance;

beforeAll(async () => {
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
  await (await serve(instance.home, instance.portBase)).stop();
});
afterAll(() => {
  instance?.remove();
  files.remove();
});

/** Rounds of one act, in a process whose calls on the files of the records fail, one in each round. */
async function roundsOf(act: string, error: number | 'kill', isApplied: boolean): Promise<readonly Round[]> {
  const out = join(files.folder, `${act}-${error}-${isApplied}`);
  const args = [program, instance.home, act, String(error), String(Number(isApplied)), out];
  const kills = error === 'kill' ? '1' : '0';
  const env = { ...process.env, ...files.environment('records.sqlite'), FAULTY_FILES_KILL: kills };
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
