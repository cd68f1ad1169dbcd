import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crlActs } from '../../src/app/bench/crl-act.ts';
import { loadInstance } from '../../src/app/instance/load-instance.ts';
import { makeTestInstance, serve, type TestInstance } from '../support/instance.ts';

let instance: TestInstance;
beforeAll(async () => {
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
  await (await serve(instance.home, instance.portBase)).stop();
}, 120_000);
afterAll(() => instance.remove());

/** As the service is started. */
const execArgv = ['--max-semi-space-size=8', '--heap-growing-percent=45', '--no-allocation-site-pretenuring'];

/** What is outside its heap, such as copies of a list, V8 collects when it has become 64 MiB. */
const uncollectedKiB = 64 * 1024;
/** Pages of the records, all of which the revocations of so many certificates fill (`cacheKib` in sqlite.ts). */
const cacheKiB = 16 * 1024;
/** Of two CRLs the list itself and what goes to the signer; what V8 has not collected of them; one that SQLite takes. */
const copies = 6;

describe('a CRL, with real processes', { timeout: 180_000 }, () => {
  const kib = (octets: number) => octets / 1024;
  const acts = (entries: number) => crlActs(loadInstance(instance.home), entries, 2, execArgv);

  it('of 100,000 entries takes the memory of some copies of itself in the service', async () => {
    const { serviceKiB: few } = await acts(1_000);
    const { octets, serviceKiB } = await acts(100_000);
    expect(octets).toBeGreaterThan(3_500_000);
    const allowed = uncollectedKiB + cacheKiB + kib(copies * octets);
    expect(serviceKiB.peak - serviceKiB.before - (few.peak - few.before)).toBeLessThan(allowed);
    expect(serviceKiB.peak - serviceKiB.afterFirst).toBeLessThan(kib(copies * octets));
  });

  it('of 300,000 entries goes through the signer in pieces', async () => {
    const many = await acts(300_000);
    expect(many.octets).toBeGreaterThan(10_500_000);
    // Pieces of three CRLs that are not collected yet. Held as a whole, with copies, each was three times its size.
    const { before, peak } = many.signerKiB;
    expect(peak - before).toBeLessThan(kib(5 * many.octets));
  });
});
