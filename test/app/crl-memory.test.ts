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

/** What is outside its heap, such as copies of a list, V8 collects when it has become 64 MiB. */
const uncollectedKiB = 64 * 1024;
/** The list as entries, to be signed, signed, on the way, read again, and the garbage of encoding it once. */
const copies = 24;

describe('a CRL of 100,000 entries, with real processes', { timeout: 180_000 }, () => {
  it('takes the memory of some copies of itself, in the service and in the signer', async () => {
    const few = await crlActs(loadInstance(instance.home), 1_000, 3);
    const many = await crlActs(loadInstance(instance.home), 100_000, 3);
    expect(many.octets).toBeGreaterThan(3_500_000);
    const allowed = uncollectedKiB + (copies * many.octets) / 1024;
    for (const side of ['serviceKiB', 'signerKiB'] as const) {
      const growth = ({ [side]: { before, peak } }: typeof many) => peak - before;
      expect(growth(many) - growth(few)).toBeLessThan(allowed);
    }
  });
});
