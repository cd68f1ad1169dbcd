import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyDifference, basisOf, differenceFrom } from '../../src/adapters/store/sod-difference.ts';

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** Two files of one length that differ in some runs. */
const alike = fc.integer({ min: 1, max: 400 }).chain((length) =>
  fc.record({
    basis: octets(length),
    runs: fc.array(fc.tuple(fc.nat(length - 1), fc.uint8Array({ minLength: 1, maxLength: 30 })), {
      maxLength: 6,
    }),
    leafIndex: fc.oneof(fc.nat(300), fc.constantFrom(10_000_000, 2 ** 32, 2 ** 40)),
  }),
);

describe('the difference of an EF.SOD from another one', () => {
  it('gives the very same octets back, and names the other one', () => {
    let differences = 0;
    fc.assert(
      fc.property(alike, ({ basis, runs, leafIndex }) => {
        const efSod = Uint8Array.from(basis);
        for (const [at, run] of runs) efSod.set(run.subarray(0, efSod.length - at), at);
        const stored = differenceFrom({ leafIndex, efSod: basis }, efSod);
        if (stored === undefined) return;
        differences += 1;
        expect(stored.length).toBeLessThan(efSod.length / 2);
        expect(basisOf(stored)).toBe(leafIndex);
        expect(Buffer.from(applyDifference(stored, basis)).equals(efSod)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(differences).toBeGreaterThan(500);
  });

  it('is not worth it for files of other lengths, or that have little in common', () => {
    const efSod = Uint8Array.from(randomBytes(500));
    expect(differenceFrom({ leafIndex: 1, efSod }, efSod.subarray(1))).toBeUndefined();
    expect(differenceFrom({ leafIndex: 1, efSod }, Uint8Array.from(randomBytes(500)))).toBeUndefined();
  });

  it('is told from a file that is stored whole', () => {
    expect(basisOf(Uint8Array.of(0x77, 0x82))).toBeUndefined();
  });

  it('damaged, is refused or gives other octets, and never reaches beyond the file', () => {
    const basis = Uint8Array.from(randomBytes(300));
    const efSod = Uint8Array.from(basis);
    efSod.set(randomBytes(20), 50);
    efSod.set(randomBytes(20), 280);
    const stored = differenceFrom({ leafIndex: 7, efSod: basis }, efSod)!;
    // The first two octets say that it is one, and from what.
    for (let bit = 16; bit < stored.length * 8; bit += 1) {
      const damaged = Uint8Array.from(stored);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      let result: Uint8Array | undefined;
      try {
        result = applyDifference(damaged, basis);
      } catch (error) {
        expect(error).toMatchObject({ kind: 'broken' });
      }
      if (result !== undefined) {
        expect(result.length).toBe(efSod.length);
        expect(Buffer.from(result).equals(efSod)).toBe(false);
      }
    }
  });
});
