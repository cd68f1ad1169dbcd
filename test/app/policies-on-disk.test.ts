import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadInstance } from '../../src/app/instance/load-instance.ts';
import { PoliciesOnDisk } from '../../src/app/instance/policies-on-disk.ts';
import { makeTestInstance, type TestInstance } from '../support/instance.ts';
import { eventually, Served, sigillo } from '../support/served.ts';

let instance: TestInstance;
let file: string;
let original: string;
beforeAll(async () => {
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
  file = join(instance.home, 'policies', 'crl.yaml');
  original = readFileSync(file, 'utf8');
});
afterAll(() => instance.remove());

const edit = (from: string, to: string) => writeFileSync(file, original.replace(from, to));

it('an edit is told once, with both digests, and whether it loads; undone, it is gone', () => {
  const { policies } = loadInstance(instance.home);
  const watch = new PoliciesOnDisk(join(instance.home, 'policies'), policies.digest);
  expect(watch.look()).toBe(false);
  edit('P60D', 'P61D');
  expect([watch.look(), watch.look()]).toEqual([true, false]);
  const edited = loadInstance(instance.home).policies.digest;
  expect(watch.state).toEqual({ inUse: policies.digest, onDisk: edited, fault: undefined });
  expect(watch.difference).toMatch(/restart the service to use them/);
  edit('P60D', 'P91D');
  expect([watch.look(), watch.look()]).toEqual([true, false]);
  expect(watch.state.fault).toMatch(/crl\.yaml:3 nextUpdate: must not be more than 90 days/);
  expect(watch.difference).toMatch(/do not load .*: mend them/);
  edit('', '');
  expect(watch.look()).toBe(true);
  expect(watch.difference).toBeUndefined();
});

it('the service says it in its log and on its health page, and goes on with those in use', async () => {
  const { digest } = loadInstance(instance.home).policies;
  const service = new Served(instance);
  try {
    await service.untilReady();
    edit('P60D', 'P61D');
    const edited = loadInstance(instance.home).policies.digest;
    await eventually('noticing the edit', async () => service.log.includes(edited));
    const event = service.log.split('\n').filter((line) => line.includes(edited));
    expect(event.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 40, inUse: digest, onDisk: edited },
    ]);
    expect(await service.health()).toMatchObject({
      ready: true,
      degraded: [expect.stringMatching(/restart the service/)],
      policies: { inUse: digest, onDisk: edited },
    });
    const { stdout } = await sigillo('status', '--home', instance.home);
    expect(stdout).toContain(`${digest} in use by the service;`);
    expect(stdout).toContain(`${edited} on disk: restart the service to use them`);
    edit('P60D', 'P91D');
    const broken = await sigillo('status', '--home', instance.home);
    expect(broken.code).toBe(1);
    expect(broken.stdout).toContain(`what follows is told by ${digest}`);
    expect(broken.stdout).toContain('token: works, 1 signers');
    edit('P60D', 'P61D');
    const [listed, printed] = await Promise.all([
      sigillo('policies', '--home', instance.home),
      sigillo('policies', '--home', instance.home, '--digest', digest.slice(0, 12)),
    ]);
    expect(listed.stdout).toMatch(new RegExp(`^${digest}  first used `));
    expect(printed.stdout).toContain(original);
  } finally {
    await service.stop();
    edit('', '');
  }
});

it('sigillo find takes a serial number as inspect and OpenSSL write it, colons between octets only', async () => {
  const find = (...words: readonly string[]) => sigillo('find', '--home', instance.home, '--json', ...words);
  const { stdout } = await find('--profile', 'csca');
  const { serialNumber } = JSON.parse(stdout) as { serialNumber: string };
  const even = serialNumber.padStart(serialNumber.length + (serialNumber.length % 2), '0');
  for (const written of [`0x${serialNumber}`, (even.match(/../g) ?? []).join(':').toUpperCase()]) {
    expect((await find('--serial', written)).stdout).toBe(stdout);
  }
  for (const wrong of [`${even}:`, '123:45']) {
    expect((await find('--serial', wrong)).stderr).toMatch(
      /write hexadecimal digits, as 0x1a2b, 1a2b or 1a:2b/,
    );
  }
});
