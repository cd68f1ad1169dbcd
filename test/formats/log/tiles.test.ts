import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeEntryBundle,
  encodeEntryBundle,
  parseTilePath,
  splitHashes,
  tilePath,
  tilesOf,
} from '../../../src/formats/log/tiles.ts';
import { MalformedInput } from '../../../src/formats/malformed-input.ts';

describe('tiles (C2SP tlog-tiles)', () => {
  it.each([
    [{ level: 0, index: 1_234_067, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 1, index: 999, width: 255 }, 'tile/1/999.p/255'],
    [{ level: 2, index: 1000, width: 1 }, 'tile/2/x001/000.p/1'],
    [{ level: 'entries', index: 273, width: 112 }, 'tile/entries/273.p/112'],
  ] as const)('are named by level, index in threes, and width: %o', (name, path) => {
    expect(tilePath(name)).toBe(path);
    expect(parseTilePath(path)).toEqual(name);
  });

  it.each([
    'tile/0/0',
    'tile/0/x000/001',
    'tile/00/001',
    'tile/64/001',
    'tile/0/001.p/0',
    'tile/0/001.p/256',
    'tile/0/001.p/01',
    'tile/0/x001',
    'tile/-1/000',
    'tile/entries/000/',
    'tile/0/000/../001',
    '/tile/0/000',
  ])('have one spelling: %s is none', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });

  it('of a tree of 70,000 are those that the specification counts', () => {
    const tiles = [...tilesOf(70_000)];
    const full = (level: number) => tiles.filter((tile) => tile.level === level && tile.width === 256).length;
    expect([full(0), full(1), full(2)]).toEqual([273, 1, 0]);
    const partial = tiles.filter(({ level, width }) => level !== 'entries' && width < 256);
    expect(partial.map(({ level, width }) => [level, width])).toEqual([
      [0, 112],
      [1, 17],
      [2, 1],
    ]);
  });

  it('of a tree of 256 are one full tile and one of width 1 above it', () => {
    expect([...tilesOf(256)].map(tilePath)).toEqual(['tile/entries/000', 'tile/0/000', 'tile/1/000.p/1']);
  });

  it('that are new since a smaller tree, and full tiles of that one, are all there are', () => {
    fc.assert(
      fc.property(fc.nat({ max: 200_000 }), fc.nat({ max: 200_000 }), (a, b) => {
        const [small, large] = [Math.min(a, b), Math.max(a, b)];
        const full = [...tilesOf(small)].filter(({ width }) => width === 256).map(tilePath);
        const fresh = [...tilesOf(large, small)].map(tilePath);
        expect([...full, ...fresh].toSorted()).toEqual([...tilesOf(large)].map(tilePath).toSorted());
      }),
      { numRuns: 30 },
    );
  });

  it('hold entries with their length in 16 bits, and give them back', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 256 }), (entries) => {
        expect(decodeEntryBundle(encodeEntryBundle(entries))).toEqual(entries);
      }),
    );
    expect(encodeEntryBundle([Uint8Array.of(7, 8, 9)])).toEqual(Uint8Array.of(0, 3, 7, 8, 9));
    expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrow(MalformedInput);
  });

  it('are refused when an entry or a hash is cut short', () => {
    expect(() => decodeEntryBundle(Uint8Array.of(0, 3, 7, 8))).toThrow(/entry 0 is cut short/);
    expect(() => decodeEntryBundle(Uint8Array.of(0))).toThrow(MalformedInput);
    expect(() => splitHashes(new Uint8Array(33))).toThrow(MalformedInput);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
        try {
          expect(encodeEntryBundle(decodeEntryBundle(octets))).toEqual(octets);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedInput);
        }
      }),
    );
  });
});
