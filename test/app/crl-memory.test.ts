import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { crlActs } from '../../src/app/bench/crl-act.ts';
import { loadInstance } from '../../src/app/instance/load-instance.ts';
import { makeTestInstance, serve, type TestInstance } from '../support/instance.ts';

let instance: TestInstance;
beforeAll(async () => {
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
  await (await serve(instance.home, instance.portBase)).stop();
  // As the service is started.
  vi.stubEnv('NODE_OPTIONS', '--max-semi-space-size=8');
}, 120_000);
afterAll(() => {
  vi.unstubAllEnvs();
  return instance.remove();
});

/** What is outside its heap, such as copies of a list, V8 collects when it has become 64 MiB. */
const uncollectedKiB = 64 * 1024;
/** Pages of the records, all of which the revocations of so many certificates fill (`cacheKib` in sqlite.ts). */
const cacheKiB = 16 * 1024;
/** The last list and its entries with the new ones, the new list, and one that SQLite takes. */
const copies = 4;

describe('a CRL of 300,000 entries, with real processes', { timeout: 180_000 }, () => {
  it('takes the memory of some copies of itself in the service, and of none in the signer', async () => {
    const few = await crlActs(loadInstance(instance.home), 1_000, 3);
    const many = await crlActs(loadInstance(instance.home), 300_000, 3);
    expect(many.octets).toBeGreaterThan(10_500_000);
    const growth = ({ before, peak }: { readonly before: number; readonly peak: number }) => peak - before;
    const allowed = uncollectedKiB + cacheKiB + (copies * many.octets) / 1024;
    expect(growth(many.serviceKiB) - growth(few.serviceKiB)).toBeLessThan(allowed);
    // Pieces of a quarter of a MiB, collected now and then: two whole lists would be more.
    expect(growth(many.signerKiB)).toBeLessThan((2 * many.octets) / 1024 + growth(few.signerKiB));
  });
});
