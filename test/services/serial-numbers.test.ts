import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemRandom } from '../../src/adapters/clock/index.ts';
import { serialNumbers } from '../../src/services/issuance/serial-numbers.ts';

const dayMs = 86_400_000;
const instants = fc.date({
  min: new Date('2026-01-01T00:00:00Z'),
  max: new Date('2140-01-01T00:00:00Z'),
  noInvalidDate: true,
});
const references = (at: Date) => [
  ...serialNumbers({ certificateReference: 'five-hex-digits' }, at, systemRandom),
];

describe('serial numbers of five digits (Doc 9303-13 §2.2.1)', () => {
  it('fit five digits, are none of all zeros, and each is offered once', () => {
    fc.assert(
      fc.property(instants, (at) => {
        const offered = references(at);
        expect(new Set(offered).size).toBe(24);
        for (const number of offered) {
          expect(number > 0n && number < 1n << 20n).toBe(true);
        }
      }),
    );
  });

  it('never come back a day later, whatever the records have forgotten (I8)', () => {
    fc.assert(
      fc.property(instants, fc.nat({ max: 20 * 366 * dayMs }), (at, laterMs) => {
        const earlier = new Set(references(at));
        const later = references(new Date(at.getTime() + dayMs + laterMs));
        expect(later.filter((number) => earlier.has(number))).toEqual([]);
      }),
    );
  });

  it('are the same when a ceremony is replayed at its time', () => {
    const again = (at: Date) => references(new Date(Math.floor(at.getTime() / 1_000) * 1_000));
    fc.assert(
      fc.property(instants, (at) => {
        expect(again(at)).toEqual(references(at));
      }),
    );
  });
});

describe('other serial numbers', () => {
  it('have a leading 1 and as many random octets as the profile says', () => {
    const [first = 0n, second = 0n] = serialNumbers({ randomOctets: 16 }, new Date(), systemRandom);
    expect([first >> 128n, second >> 128n]).toEqual([1n, 1n]);
    expect(first).not.toBe(second);
  });
});
