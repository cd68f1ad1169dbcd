import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Job } from '../../src/adapters/signer-pool/job.ts';
import { WaitingJobs } from '../../src/adapters/signer-pool/waiting-jobs.ts';

let lastId = 0;

function job(lane: string, acceptedAt = 0): Job {
  lastId += 1;
  return {
    message: { id: lastId, job: 'status', order: undefined },
    keyId: undefined,
    token: undefined,
    lane,
    acceptedAt,
    deadline: acceptedAt + 100,
    isLong: false,
    returned: 0,
    resolve: () => undefined,
    reject: () => undefined,
  };
}

function waitingOf(lanes: readonly string[]): WaitingJobs {
  const waiting = new WaitingJobs();
  for (const lane of lanes) waiting.push(job(lane));
  return waiting;
}

function served(waiting: WaitingJobs): readonly Job[] {
  const jobs: Job[] = [];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) jobs.push(next);
  return jobs;
}

const lanes = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 60 });

describe('jobs that wait', () => {
  it('are served in turns: whoever comes late with one job waits for one of each other lane', () => {
    const waiting = waitingOf(['a', 'a', 'a', 'b', 'b', 'a', 'c']);
    expect(waiting.ahead('d')).toBe(3);
    expect(waiting.ahead('b')).toBe(6);
    expect(served(waiting).map(({ lane }) => lane)).toEqual(['a', 'b', 'c', 'a', 'b', 'a', 'a']);
  });

  it('keep their order within a lane, and none is lost or served twice', () => {
    fc.assert(
      fc.property(lanes, (names) => {
        const waiting = waitingOf(names);
        expect(waiting.size).toBe(names.length);
        const order = served(waiting);
        expect(waiting.size).toBe(0);
        for (const own of Map.groupBy(order, ({ lane }) => lane).values()) {
          const ids = own.map(({ message }) => message.id);
          expect(ids).toEqual(ids.toSorted((a, b) => a - b));
        }
        expect(order.map(({ lane }) => lane).toSorted()).toEqual(names.toSorted());
      }),
    );
  });

  it('say how many have their turn before a new one of each lane', () => {
    fc.assert(
      fc.property(lanes, fc.constantFrom('a', 'b', 'e'), (names, lane) => {
        const waiting = waitingOf(names);
        const ahead = waiting.ahead(lane);
        const last = job(lane);
        waiting.push(last);
        const position = served(waiting).indexOf(last);
        // Lanes that have had their turn already in this round come after it.
        expect(position).toBeLessThanOrEqual(ahead);
      }),
    );
  });

  it('are first in their lane when they are put back', () => {
    const waiting = waitingOf(['a', 'a', 'b']);
    const first = waiting.shift();
    if (first === undefined) throw new Error('unreachable');
    waiting.putBack(first);
    expect(served(waiting).filter(({ lane }) => lane === 'a')[0]).toBe(first);
  });

  it('are taken out when their time is over', () => {
    const waiting = new WaitingJobs();
    for (const [lane, acceptedAt] of [
      ['a', 0],
      ['a', 50],
      ['b', 10],
    ] as const) {
      waiting.push(job(lane, acceptedAt));
    }
    expect([waiting.oldest, waiting.waitsSince('b'), waiting.waitsSince('c')]).toEqual([0, 10, undefined]);
    expect(waiting.remove(({ deadline }) => deadline <= 110)).toHaveLength(2);
    expect([waiting.size, waiting.oldest]).toEqual([1, 50]);
  });
});
