import { Session } from 'node:inspector/promises';
import { expect, describe, it } from 'vitest';
import { type CpuProfile, flameGraph, hasCalled } from '../../src/app/bench/flame-graph.ts';
import { parseUnambiguousJson } from '../../src/app/http/unambiguous-json.ts';

const call = (id: number, functionName: string, url: string, children: readonly number[] = []) => ({
  id,
  callFrame: { functionName, url, lineNumber: 1 },
  children,
});

/** 1 ms of loading, then 3 ms in `a`, 5 ms in its callee and 2 ms of collecting garbage, with a wait between. */
const profile: CpuProfile = {
  nodes: [
    call(1, '(root)', '', [2, 3, 4, 6]),
    call(2, '(idle)', ''),
    call(3, 'load', 'node:internal/modules'),
    call(4, 'a', 'file:///somewhere/src/hot.ts', [5]),
    call(5, '<b>', 'file:///somewhere/node_modules/b/index.js'),
    call(6, '(garbage collector)', ''),
  ],
  samples: [3, 4, 2, 5, 6],
  timeDeltas: [1_000, 3_000, 70_000, 5_000, 2_000],
};

/** Titles with their widths, of 1,200 in all. */
function boxes(svg: string): Record<string, number> {
  const found = svg.matchAll(/<title>([^<]+)<\/title><rect x="[\d.]+" y="-?\d+" width="([\d.]+)"/g);
  return Object.fromEntries([...found].map(([, title = '', width]) => [title, Number(width)]));
}

describe('flameGraph', () => {
  it('makes calls as wide as the time that they took, from the first call of a file on', () => {
    expect(boxes(flameGraph(profile, { title: 'x', file: '/hot.ts' }))).toEqual({
      'service 100.0 %': 1_199.6,
      'a hot.ts 80.0 %': 959.6,
      '&lt;b&gt; index.js 50.0 %': 599.6,
      '(garbage collector) 20.0 %': 239.6,
    });
  });

  it('draws what Node has measured', async () => {
    const session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    const text = JSON.stringify({ a: 'b'.repeat(1_000), c: Array.from({ length: 20_000 }, (_, i) => i) });
    for (let i = 0; i < 20; i += 1) parseUnambiguousJson(text);
    const measured = (await session.post('Profiler.stop')).profile as CpuProfile;
    session.disconnect();
    expect(hasCalled(measured, '/unambiguous-json.ts')).toBe(true);
    expect(hasCalled(measured, '/never-called.ts')).toBe(false);
    const drawn = boxes(flameGraph(measured, { title: 'x', file: '/unambiguous-json.ts' }));
    expect(Object.keys(drawn).join('\n')).toMatch(/requireUnambiguous unambiguous-json\.ts/);
    for (const width of Object.values(drawn)) expect(width).toBeLessThanOrEqual(1_200);
  });
});
