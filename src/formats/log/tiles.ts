import { MalformedInput } from '../malformed-input.ts';
import { hashOctets, nodeHash, type SubtreeHash } from './merkle-tree.ts';

/** The tree as static files: C2SP tlog-tiles. */

/** Hashes in a full tile, entries in a full bundle. */
export const tileWidth = 256;
/** Levels of the tree from one level of tiles to the next. */
export const tileHeight = 8;
/** The longest entry that a bundle can hold. */
const longestEntry = 0xffff;

/** A tile, or a bundle of entries. */
export interface TileName {
  readonly level: number | 'entries';
  readonly index: number;
  /** 1 to 256; below 256 it is a partial tile. */
  readonly width: number;
}

/** Leaves under one hash of a tile of this level. */
export function leavesPerHash(level: number): number {
  return tileWidth ** level;
}

/** Hashes that a tree of `size` leaves has at a level of tiles: those over whole subtrees. */
export function hashesAtLevel(level: number, size: number): number {
  return Math.floor(size / leavesPerHash(level));
}

/** Every tile of a tree, and its bundles, lowest level first. `from` leaves out what a tree of that size had full. */
export function* tilesOf(size: number, from = 0): Iterable<TileName> {
  for (const level of ['entries', 0] as const) yield* tilesOfLevel(level, size, from);
  for (let level = 1; hashesAtLevel(level, size) > 0; level += 1) yield* tilesOfLevel(level, size, from);
}

function* tilesOfLevel(level: TileName['level'], size: number, from: number): Iterable<TileName> {
  const height = level === 'entries' ? 0 : level;
  const hashes = hashesAtLevel(height, size);
  const first = Math.floor(hashesAtLevel(height, from) / tileWidth);
  for (let index = first; index * tileWidth < hashes; index += 1) {
    yield { level, index, width: Math.min(tileWidth, hashes - index * tileWidth) };
  }
}

/** The path below the log's prefix, e.g. `tile/0/x001/x234/067.p/12`. */
export function tilePath({ level, index, width }: TileName): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  const path = groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/');
  return `tile/${level}/${path}${width === tileWidth ? '' : `.p/${width}`}`;
}

/** @returns undefined for what is no tile's path, in its one spelling */
export function parseTilePath(path: string): TileName | undefined {
  const match = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path);
  if (match === null) return undefined;
  const [, level = '', index = '', width] = match;
  const name: TileName = {
    level: level === 'entries' ? level : Number(level),
    index: Number(index.replaceAll(/[x/]/g, '')),
    width: width === undefined ? tileWidth : Number(width),
  };
  const isTile = name.width >= 1 && name.width <= tileWidth && (name.level === 'entries' || name.level <= 63);
  return isTile && tilePath(name) === path ? name : undefined;
}

/** Hashes at a level of tiles, one after the other: `count` from number `from` on, all within one tile. */
export type TileHashes = (level: number, from: number, count: number) => Uint8Array;

/** Subtrees of any height from tiles: those between two levels are hashed from the tile below. */
export function subtreesOf(hashes: TileHashes): SubtreeHash {
  return (height, index) => {
    const level = Math.floor(height / tileHeight);
    const count = 2 ** (height % tileHeight);
    return perfectRoot(splitHashes(hashes(level, index * count, count)));
  };
}

/** The hash of a full tile, as it stands in the tile above. */
export function perfectRoot(hashes: readonly Uint8Array[]): Uint8Array {
  let level = hashes;
  while (level.length > 1) {
    level = Array.from({ length: level.length / 2 }, (_, pair) =>
      nodeHash(hashAt(level, pair * 2), hashAt(level, pair * 2 + 1)),
    );
  }
  return hashAt(level, 0);
}

function hashAt(hashes: readonly Uint8Array[], index: number): Uint8Array {
  const hash = hashes[index];
  if (hash === undefined) throw new MalformedInput('tile', 'has fewer hashes than it must have');
  return hash;
}

/** @throws MalformedInput when the octets are no whole number of hashes */
export function splitHashes(tile: Uint8Array): readonly Uint8Array[] {
  if (tile.length % hashOctets !== 0 || tile.length === 0) {
    throw new MalformedInput('tile', `${tile.length} octets are no whole number of hashes`, {
      source: 'C2SP tlog-tiles, Merkle Tree',
    });
  }
  return Array.from({ length: tile.length / hashOctets }, (_, at) =>
    tile.subarray(at * hashOctets, (at + 1) * hashOctets),
  );
}

/** Each entry with its length in front, 16 bits, big-endian. */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  const parts = entries.flatMap((entry) => {
    if (entry.length > longestEntry) throw new MalformedInput('entry', 'is longer than 65535 octets');
    return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry];
  });
  return Uint8Array.from(Buffer.concat(parts));
}

/** @throws MalformedInput when the octets end within an entry */
export function decodeEntryBundle(bundle: Uint8Array): readonly Uint8Array[] {
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bundle.length; ) {
    const length = ((bundle[at] ?? 0) << 8) | (bundle[at + 1] ?? 0);
    const end = at + 2 + length;
    if (end > bundle.length) {
      throw new MalformedInput('entry bundle', `entry ${entries.length} is cut short`, {
        source: 'C2SP tlog-tiles, Log entries',
        offset: at,
      });
    }
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return entries;
}
