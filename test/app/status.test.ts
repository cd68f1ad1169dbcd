import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** The lines behind those about policies. */
const rest = (text: string) => text.slice(text.indexOf('\nCRL '));

describe('policies on disk that do not load', () => {
  const fault = 'policies/crl.yaml:3 nextUpdate: must not be more than 90 days (Doc 9303-12 §4.1.5)';
  let whole: string;
  let file: string;
  let digest: string;
  beforeAll(async () => {
    const healthy = await status();
    expect([healthy.code, healthy.stderr]).toEqual([0, '']);
    whole = healthy.stdout;
    digest = /policies {7}(\w{64})/.exec(whole)?.[1] ?? '';
    file = join(instance.home, 'policies', 'crl.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('P60D', 'P91D'));
  });
  afterAll(() => writeFileSync(file, readFileSync(file, 'utf8').replace('P91D', 'P60D')));

  it('are a warning with file, line, rule and mend; all else is there, and the command ends with 1', async () => {
    const { code, stdout, stderr } = await status();
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toContain(`policies       ON DISK DO NOT LOAD: ${fault}\n               mend it`);
    expect(stdout).toContain(`what follows is told by ${digest}`);
    expect(rest(whole)).toMatch(/^key {12}dsc-test-0-00001 +active/m);
    expect(rest(stdout)).toBe(rest(whole));
  });

  it('are told to machines too', async () => {
    const { code, stdout } = await status('--json');
    expect(code).toBe(1);
    const told = JSON.parse(stdout) as Record<string, unknown>;
    expect(told).toMatchObject({ policyFault: fault, toldBy: digest });
    expect(told['policyDigest']).toMatch(/^[0-9a-f]{64}$/);
    expect(told['policyDigest']).not.toBe(digest);
  });

  it('and none on record that do: keys and certificates are there all the same', async () => {
    onRecord('CREATE TABLE aside AS SELECT * FROM policy_sets; DELETE FROM policy_sets');
    const { code, stdout } = await status();
    onRecord('INSERT INTO policy_sets SELECT * FROM aside; DROP TABLE aside');
    expect(code).toBe(1);
    expect(stdout).toContain('what follows is told by no policies');
    expect(rest(stdout)).toBe(rest(whole));
  });
});

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
