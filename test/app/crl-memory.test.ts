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
/** Pages of the records, all of which the revocations of 100,000 certificates fill (`cacheKib` in sqlite.ts). */
const cacheKiB = 16 * 1024;
/** The list as entries, to be signed, signed, on the way, read again. */
const copies = 8;

describe('a CRL of 100,000 entries, with real processes', { timeout: 180_000 }, () => {
  it('takes the memory of some copies of itself, in the service and in the signer', async () => {
    const few = await crlActs(loadInstance(instance.home), 1_000, 3);
    const many = await crlActs(loadInstance(instance.home), 100_000, 3);
    expect(many.octets).toBeGreaterThan(3_500_000);
    const allowed = uncollectedKiB + cacheKiB + (copies * many.octets) / 1024;
    for (const side of ['serviceKiB', 'signerKiB'] as const) {
      const growth = ({ [side]: { before, peak } }: typeof many) => peak - before;
      expect(growth(many) - growth(few)).toBeLessThan(allowed);
    }
  });
});
