import { describe, expect, it } from 'vitest';
import { BatchShares } from '../../src/app/http/batch-shares.ts';
import { HttpProblem } from '../../src/app/http/problem.ts';

/** The status that a station is turned away with; undefined where its batch is taken. */
function statusOf(join: () => unknown): number | undefined {
  try {
    join();
    return undefined;
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error;
    return error.problem.status;
  }
}

describe('lines under way', () => {
  it('are shared by station first, and then among the batches of each', () => {
    const shares = new BatchShares(512, () => 512);
    const alone = shares.join('a');
    expect(alone.lines).toBe(256);
    const [second, other] = [shares.join('a'), shares.join('b')];
    expect([alone.lines, second.lines, other.lines]).toEqual([64, 64, 128]);
    second.leave();
    other.leave();
    expect(alone.lines).toBe(256);
  });

  it('are no more than are free for others, and never none', () => {
    let free = 40;
    const share = new BatchShares(512, () => free).join('a');
    expect(share.lines).toBe(40);
    free = 0;
    expect(share.lines).toBe(1);
  });
});

describe('batches', () => {
  it('are half of all for one station, and some are left for each that comes', () => {
    const shares = new BatchShares(512, () => 512);
    const taken = (station: string) => {
      let count = 0;
      for (; statusOf(() => shares.join(station)) === undefined; count += 1);
      return count;
    };
    expect(['a', 'b', 'c', 'd', 'e', 'f'].map(taken)).toEqual([16, 8, 4, 2, 1, 1]);
    expect(statusOf(() => shares.join('g'))).toBe(503);
  });

  it('429 is for who has a share, and a place is free again when one has ended', () => {
    const shares = new BatchShares(512, () => 512);
    const first = shares.join('a');
    for (let count = 1; count < 16; count += 1) shares.join('a');
    expect(statusOf(() => shares.join('a'))).toBe(429);
    first.leave();
    expect(statusOf(() => shares.join('a'))).toBeUndefined();
  });
});
