import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PassingMap } from '../../src/services/passing-map.ts';

describe('PassingMap', () => {
  it('does what a Map does', () => {
    const keys = fc.constantFrom('a', 'b', '7', '__proto__', 'constructor');
    const step = fc.tuple(fc.constantFrom('set', 'delete', 'get'), keys, fc.nat());
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const [passing, map] = [new PassingMap<string, number>(), new Map<string, number>()];
        for (const [name, key, value] of steps) {
          if (name === 'set') for (const each of [passing, map]) each.set(key, value);
          if (name === 'delete') for (const each of [passing, map]) each.delete(key);
          expect(passing.get(key)).toBe(map.get(key));
          expect(passing.has(key)).toBe(map.has(key));
          expect(passing.size).toBe(map.size);
        }
        expect([...passing.values()].toSorted((a, b) => a - b)).toEqual(
          [...map.values()].toSorted((a, b) => a - b),
        );
      }),
    );
  });

  /** Orders of a few KiB, four of them under way at a time. @returns how often V8 cleared up its whole heap */
  async function wholeCollections(made: string): Promise<number> {
    const program = `
      import { PerformanceObserver } from 'node:perf_hooks';
      import { setImmediate } from 'node:timers/promises';
      import { PassingMap } from ${JSON.stringify(new URL('../../src/services/passing-map.ts', import.meta.url))};
      let whole = 0;
      const count = (list) => { whole += list.getEntries().filter(({ detail }) => detail.kind === 4).length; };
      new PerformanceObserver(count).observe({ entryTypes: ['gc'] });
      const underWay = new ${made}();
      for (let order = 0; order < 60_000; order += 1) {
        underWay.set('order' + order, Array.from({ length: 300 }, (_, index) => ({ index })));
        underWay.delete('order' + (order - 4));
        if (order % 50 === 0) await setImmediate();
      }
      await setImmediate();
      console.log(whole);`;
    const options = ['--max-semi-space-size=8', '--input-type=module', '--eval', program];
    return Number((await promisify(execFile)(process.execPath, options)).stdout);
  }

  it('keeps nothing of what has gone, where a Map keeps it until the whole heap is collected', async () => {
    const [map, passing] = [await wholeCollections('Map'), await wholeCollections('PassingMap')];
    expect(map).toBeGreaterThan(5);
    expect(passing).toBeLessThan(map / 3);
  }, 60_000);
});
