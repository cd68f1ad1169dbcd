import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTestInstance, type TestInstance } from '../support/instance.ts';
import { recordsPath, sigillo } from '../support/served.ts';

/** `sigillo status` of an instance that nobody serves, as an operator reads it. */

let instance: TestInstance;
beforeAll(async () => {
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
  expect((await sigillo('init', '--home', instance.home)).stderr).toBe('');
});
afterAll(() => instance.remove());

const status = (...words: readonly string[]) => sigillo('status', '--home', instance.home, ...words);

function onRecord(sql: string): void {
  const database = new DatabaseSync(recordsPath(instance.home));
  database.exec(sql);
  database.close();
}

describe('a change of the CSCA key', () => {
  it('is shown from its announcement, and the new key as one that waits until its rest is over', async () => {
    expect((await sigillo('rotate', 'csca', '--announce', '--home', instance.home)).stderr).toBe('');
    expect((await status()).stdout).toMatch(/^CSCA change {4}announced \S+Z, no sooner than \S+Z$/m);
    // The notice is over.
    onRecord(`UPDATE rollovers SET not_before = '${new Date(Date.now() - 1000).toISOString()}'`);
    const { code, stderr } = await sigillo('rotate', 'csca', '--home', instance.home);
    expect([code, stderr]).toEqual([0, '']);
    const { stdout } = await status();
    expect(stdout).not.toContain('CSCA change');
    expect(stdout).toMatch(/^key +csca-00001 +active /m);
    const [, from = ''] = /^key +csca-00002 +certified .*, waits, signs (\S+) to /m.exec(stdout) ?? [];
    const days = (Date.parse(from) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(1.9);
    expect(days).toBeLessThanOrEqual(2);
  });
});
