import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Lane, ownLane, Places } from '../../src/services/sod/places.ts';

const lane = (name: string): Lane => ({ name, isBounded: true });

/** Takes as many as the lane may have. @returns how many that were */
function flood(places: Places, by: Lane): number {
  let taken = 0;
  for (; !places.hasShare(by); taken += 1) places.take(by);
  return taken;
}

describe('places', () => {
  it('are shared so that one station has half of them, and each of n an n+1-th', () => {
    const alone = new Places(512);
    expect(flood(alone, lane('a'))).toBe(256);
    const three = new Places(512);
    const lanes = ['a', 'b', 'c'].map(lane);
    while (lanes.some((each) => !three.hasShare(each))) {
      for (const each of lanes) if (!three.hasShare(each)) three.take(each);
    }
    expect(lanes.map((each) => three.takenBy(each))).toEqual([128, 128, 128]);
  });

  it('are no more for one station than is configured', () => {
    expect(flood(new Places(512, 10), lane('a'))).toBe(10);
    expect(flood(new Places(4, 10), lane('a'))).toBe(2);
  });

  it('are there for a station that has none, whatever the others take and leave, up to so many of them', () => {
    const step = fc.record({ by: fc.nat(6), isTaken: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const places = new Places(128);
        for (const { by, isTaken } of steps) {
          const each = lane(`${by}`);
          if (!isTaken) {
            if (places.takenBy(each) > 0) places.leave(each);
          } else while (!places.hasShare(each)) places.take(each);
          expect(places.hasShare(lane('newcomer'))).toBe(false);
        }
      }),
    );
  });

  it('are taken without a share by what nobody asks for, and given back', () => {
    const places = new Places(2);
    for (let i = 0; i < 3; i += 1) places.take(ownLane);
    expect([places.taken, places.free]).toEqual([3, -1]);
    expect(places.hasShare(lane('a'))).toBe(true);
    for (let i = 0; i < 3; i += 1) places.leave(ownLane);
    expect([places.taken, places.free, places.hasShare(lane('a'))]).toEqual([0, 2, false]);
  });
});
