import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedInput } from '../../../src/formats/malformed-input.ts';
import { addPeriod, parsePeriod } from '../../../src/rules/profile/period.ts';

const after = (start: string, period: string) =>
  addPeriod(new Date(start), parsePeriod(period)).toISOString().slice(0, 10);

describe('periods in policies (ISO 8601)', () => {
  it.each([
    ['2026-11-21', 'P10Y3M', '2037-02-21'],
    ['2027-01-31', 'P1M', '2027-02-28'],
    ['2028-01-31', 'P1M', '2028-02-29'],
    ['2028-02-29', 'P1Y', '2029-02-28'],
    ['2026-12-31', 'P2W', '2027-01-14'],
    ['2026-12-31', 'P60D', '2027-03-01'],
  ])('%s + %s = %s', (start, period, end) => {
    expect(after(start, period)).toBe(end);
  });

  it('never goes back and never spills into a further month', () => {
    const date = fc.date({ min: new Date('1980-01-01'), max: new Date('2090-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(
        date,
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 30 }),
        (start, years, months) => {
          const end = addPeriod(start, { years, months, days: 0 });
          expect(end.getTime()).toBeGreaterThanOrEqual(start.getTime());
          expect(end.getUTCMonth()).toBe((start.getUTCMonth() + months) % 12);
        },
      ),
    );
  });

  it.each(['', 'P', 'P1', '10Y', 'PT1H', 'P1.5Y', 'P-1Y', 'P1M1Y', 'p1y'])('refuses %j', (text) => {
    expect(() => parsePeriod(text)).toThrow(MalformedInput);
  });
});
