import { decodeCheckpoint, type TreeHead } from '../../formats/log/checkpoint.ts';
import { decodeLogLeaf, type LogEvent } from '../../formats/log/log-leaf.ts';
import { leafHash, sameHash, TreeEdge } from '../../formats/log/merkle-tree.ts';
import {
  hashesAtLevel,
  leavesPerHash,
  perfectRoot,
  splitHashes,
  tileHeight,
  tilePath,
  tileWidth,
} from '../../formats/log/tiles.ts';
import { type VerifierKey, verifyNote } from '../../formats/log/verifier-key.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import type { Defect } from '../archive/recheck.ts';

/** A log as it lies somewhere, whole or damaged. It is read from the first leaf to the last, a tile at a time. */
export interface LogSource {
  /** Leaves that there are or must be. */
  readonly size: number;
  /** Octets of a tile as they are; undefined where there is none. */
  tile(level: number, index: number, width: number): Uint8Array | undefined;
  /** Entries of a bundle by their place; undefined where one is missing. */
  entries(index: number, width: number): readonly (Uint8Array | undefined)[];
  /** In ascending order of `size`, which is what the place says, not the note. */
  checkpoints(): Iterable<StoredCheckpoint>;
}

export interface StoredCheckpoint {
  readonly size: number;
  readonly note: Uint8Array;
}

/** What holds of a log. */
export interface ExaminedLog {
  readonly leaves: number;
  readonly checkpoints: number;
  /** The largest checkpoint that is signed by a known key and fits the leaves. */
  readonly head: TreeHead | undefined;
}

/** Looks at one leaf after the other; `event` is undefined where the leaf does not say anything true. */
export type LeafVisitor = (index: number, event: LogEvent | undefined) => Iterable<Defect>;

/**
 * Computes the tree anew, from the entries up, and compares it with every stored hash and every checkpoint. Where an
 * entry or a hash differs, the tile above or a signed checkpoint tells which of the two was changed. Memory does not
 * grow with the log.
 *
 * @param keys the log's; without any, signatures are not looked at
 */
export function* examineLog(
  source: LogSource,
  keys: readonly VerifierKey[],
  visit: LeafVisitor,
): Generator<Defect, ExaminedLog> {
  const checkpoints = new CheckpointReader(source, keys);
  const upper = new UpperTiles(source);
  const edge = new TreeEdge();
  for (let tile = 0; tile * tileWidth < source.size; tile += 1) {
    const width = Math.min(tileWidth, source.size - tile * tileWidth);
    const lowest = readLowest(source, tile, width);
    const within = yield* checkpoints.upTo(tile * tileWidth + width);
    const isFull = width === tileWidth;
    const verdict = isFull
      ? judgedByHash(lowest, upper.storedHash(1, tile))
      : judgedByCheckpoints(lowest, edge, within);
    yield* defectsOf(lowest, verdict);
    yield* checkpoints.compare(within, edge, verdict.hashes);
    for (const [at, entry] of lowest.entries.entries()) {
      const index = tile * tileWidth + at;
      const event = yield* eventOf(index, entry);
      yield* visit(index, verdict.changed.has(at) ? undefined : event);
    }
    if (!isFull) continue;
    const root = perfectRoot(verdict.hashes);
    edge.append(root, tileHeight);
    yield* upper.append(1, root);
  }
  yield* upper.end();
  yield* checkpoints.end();
  return { leaves: source.size, checkpoints: checkpoints.count, head: checkpoints.head };
}

/** A tile of level 0 with its bundle: the hashes that are stored, and those of the entries. */
interface LowestTile {
  readonly index: number;
  readonly width: number;
  readonly entries: readonly (Uint8Array | undefined)[];
  readonly computed: readonly (Uint8Array | undefined)[];
  readonly stored: readonly (Uint8Array | undefined)[];
}

function readLowest(source: LogSource, index: number, width: number): LowestTile {
  const entries = source.entries(index, width);
  const computed = entries.map((entry) => (entry === undefined ? undefined : leafHash(entry)));
  return { index, width, entries, computed, stored: storedHashes(source, 0, index, width) };
}

function storedHashes(
  source: LogSource,
  level: number,
  index: number,
  width: number,
): readonly (Uint8Array | undefined)[] {
  const octets = source.tile(level, index, width) ?? new Uint8Array(0);
  const whole = octets.length - (octets.length % 32);
  const hashes = whole === 0 ? [] : splitHashes(octets.subarray(0, whole));
  return Array.from({ length: width }, (_, at) => hashes[at]);
}

/** Which of two lists of hashes is right, and so what was changed. */
interface TileVerdict {
  /** What the tree goes on with. */
  readonly hashes: readonly Uint8Array[];
  readonly wrong: 'none' | 'computed' | 'stored' | 'undecided';
  /** Places where entry and hash differ, or one is missing. */
  readonly different: readonly number[];
  /** Places of entries that do not say what was recorded. */
  readonly changed: ReadonlySet<number>;
}

interface TwoLists {
  readonly computed: readonly (Uint8Array | undefined)[];
  readonly stored: readonly (Uint8Array | undefined)[];
}

/** @param isRight whether a list of hashes is what is signed, or above; undefined where nothing tells */
function judge(
  { computed, stored }: TwoLists,
  isRight: (hashes: readonly Uint8Array[]) => boolean,
): TileVerdict {
  const different = stored.flatMap((hash, at) => (same(hash, computed[at]) ? [] : [at]));
  const lists = {
    stored: stored.map((hash, at) => hash ?? computed[at] ?? nothing),
    computed: computed.map((hash, at) => hash ?? stored[at] ?? nothing),
  };
  if (different.length === 0) return { hashes: lists.stored, wrong: 'none', different, changed: new Set() };
  if (isRight(lists.stored)) {
    return { hashes: lists.stored, wrong: 'computed', different, changed: new Set(different) };
  }
  if (isRight(lists.computed)) {
    return { hashes: lists.computed, wrong: 'stored', different, changed: new Set() };
  }
  return { hashes: lists.stored, wrong: 'undecided', different, changed: new Set(different) };
}

/** Stands for a hash that is nowhere; no hash of anything is like it. */
const nothing = new Uint8Array(32);

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && sameHash(a, b);
}

function judgedByHash(lists: TwoLists, above: Uint8Array | undefined): TileVerdict {
  return judge(lists, (hashes) => above !== undefined && sameHash(perfectRoot(hashes), above));
}

function judgedByCheckpoints(
  lists: LowestTile,
  edge: TreeEdge,
  within: readonly ReadCheckpoint[],
): TileVerdict {
  const [largest] = within.filter(({ isSigned }) => isSigned).toReversed();
  const verdict = judge(
    lists,
    (hashes) => largest !== undefined && sameHash(rootAt(largest.head.size, edge, hashes), largest.head.root),
  );
  return verdict;
}

/** The root at a size within a tile whose hashes are given, after the edge of all tiles before. */
function rootAt(size: number, edge: TreeEdge, hashes: readonly Uint8Array[]): Uint8Array {
  const grown = edge.clone();
  for (const hash of hashes.slice(0, size - edge.size)) grown.append(hash);
  return grown.root();
}

function* defectsOf(
  { index, width, entries, stored }: LowestTile,
  { wrong, different }: TileVerdict,
): Generator<Defect> {
  const tile = tilePath({ level: 0, index, width });
  for (const at of different) {
    const leaf = `leaf ${index * tileWidth + at}`;
    const hash = `${tile} hash ${at}`;
    if (entries[at] === undefined) yield { about: leaf, detail: 'is missing' };
    else if (stored[at] === undefined) yield { about: hash, detail: `is missing, of ${leaf}` };
    else if (wrong === 'computed')
      yield { about: leaf, detail: `was changed: ${hash} and the tree are of another entry` };
    else if (wrong === 'stored')
      yield { about: hash, detail: `was changed: ${leaf} and the tree have another hash` };
    else
      yield {
        about: leaf,
        detail: `and ${hash} do not agree, and nothing signed or above tells which was changed`,
      };
  }
}

function* eventOf(index: number, entry: Uint8Array | undefined): Generator<Defect, LogEvent | undefined> {
  if (entry === undefined) return undefined;
  try {
    return decodeLogLeaf(Buffer.from(entry).toString('utf8'));
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    yield { about: `leaf ${index}`, detail: error.reason };
    return undefined;
  }
}

/** Tiles from level 1 up, compared with what is computed from those below, as these become full. */
class UpperTiles {
  readonly #source: LogSource;
  /** By level, from 1 on at index 0: hashes of the tile under way. */
  readonly #computed: { hashes: Uint8Array[]; tile: number }[] = [];
  readonly #stored = new Map<string, readonly (Uint8Array | undefined)[]>();

  constructor(source: LogSource) {
    this.#source = source;
  }

  /** As it is stored, undefined where it is missing. One tile of each level is kept. */
  storedHash(level: number, index: number): Uint8Array | undefined {
    return this.#tile(level, Math.floor(index / tileWidth))[index % tileWidth];
  }

  *append(level: number, hash: Uint8Array): Generator<Defect> {
    const at = (this.#computed[level - 1] ??= { hashes: [], tile: 0 });
    at.hashes.push(hash);
    if (at.hashes.length < tileWidth) return;
    const stored = this.#tile(level, at.tile);
    const verdict = judgedByHash({ computed: at.hashes, stored }, this.storedHash(level + 1, at.tile));
    yield* this.#defectsOf(level, at.tile, stored, verdict);
    this.#computed[level - 1] = { hashes: [], tile: at.tile + 1 };
    yield* this.append(level + 1, perfectRoot(verdict.hashes));
  }

  /** What never became full. What is computed fits the leaves, and checkpoints are compared with those. */
  *end(): Generator<Defect> {
    for (const [at, { hashes, tile }] of this.#computed.entries()) {
      if (hashes.length === 0) continue;
      const stored = this.#tile(at + 1, tile);
      yield* this.#defectsOf(at + 1, tile, stored, judgedByHash({ computed: hashes, stored }, undefined));
    }
  }

  #tile(level: number, tile: number): readonly (Uint8Array | undefined)[] {
    const name = `${level}/${tile}`;
    let hashes = this.#stored.get(name);
    if (hashes === undefined) {
      for (const other of this.#stored.keys()) if (other.startsWith(`${level}/`)) this.#stored.delete(other);
      hashes = storedHashes(this.#source, level, tile, this.#width(level, tile));
      this.#stored.set(name, hashes);
    }
    return hashes;
  }

  #width(level: number, tile: number): number {
    return Math.max(0, Math.min(tileWidth, hashesAtLevel(level, this.#source.size) - tile * tileWidth));
  }

  *#defectsOf(
    level: number,
    tile: number,
    stored: readonly (Uint8Array | undefined)[],
    { wrong, different }: TileVerdict,
  ): Generator<Defect> {
    const path = tilePath({ level, index: tile, width: this.#width(level, tile) });
    for (const at of different) {
      const under = leavesPerHash(level);
      const first = (tile * tileWidth + at) * under;
      const leaves = `leaves ${first} to ${first + under - 1}`;
      const about = `${path} hash ${at}`;
      if (stored[at] === undefined) yield { about, detail: `is missing, of ${leaves}` };
      else if (wrong === 'computed') {
        yield {
          about: leaves,
          detail: `were changed together with their hashes: ${about} and the tree are of others`,
        };
      } else yield { about, detail: `is not that of ${leaves}` };
    }
  }
}

interface ReadCheckpoint {
  readonly head: TreeHead;
  readonly isSigned: boolean;
}

/** Reads checkpoints beside the leaves, and compares each with the tree at its size. */
class CheckpointReader {
  readonly #checkpoints: Iterator<StoredCheckpoint>;
  readonly #keys: readonly VerifierKey[];
  #next: StoredCheckpoint | undefined;
  /** Sizes whose root did not fit; more of them say the same. */
  #misfits: { readonly first: number; last: number; count: number } | undefined;
  count = 0;
  head: TreeHead | undefined;

  constructor(source: LogSource, keys: readonly VerifierKey[]) {
    this.#checkpoints = source.checkpoints()[Symbol.iterator]();
    this.#keys = keys;
    this.#advance();
  }

  /** Those of at most this size that have not been read yet. */
  *upTo(size: number): Generator<Defect, readonly ReadCheckpoint[]> {
    const read: ReadCheckpoint[] = [];
    for (let next = this.#next; next !== undefined && next.size <= size; next = this.#next) {
      const checkpoint = yield* this.#read(next);
      if (checkpoint !== undefined) read.push(checkpoint);
      this.#advance();
    }
    return read;
  }

  *compare(
    checkpoints: readonly ReadCheckpoint[],
    edge: TreeEdge,
    hashes: readonly Uint8Array[],
  ): Generator<Defect> {
    for (const { head, isSigned } of checkpoints) {
      if (sameHash(rootAt(head.size, edge, hashes), head.root)) {
        if (isSigned) this.head = head;
        continue;
      }
      if (this.#misfits !== undefined) {
        this.#misfits.last = head.size;
        this.#misfits.count += 1;
        continue;
      }
      this.#misfits = { first: head.size, last: head.size, count: 1 };
      const after =
        this.head === undefined ? 'no earlier one fits' : `the one of ${this.head.size} leaves fits`;
      yield { about: `checkpoint ${head.size}`, detail: `is not of the leaves on record; ${after}` };
    }
  }

  /** More leaves are signed than there are. */
  *end(): Generator<Defect> {
    for (let next = this.#next; next !== undefined; next = this.#next) {
      yield { about: `checkpoint ${next.size}`, detail: 'covers more leaves than there are' };
      this.#advance();
    }
    const misfits = this.#misfits;
    if (misfits === undefined || misfits.count === 1) return;
    const detail = `${misfits.count - 1} more do not fit, up to that of ${misfits.last} leaves`;
    yield { about: `checkpoints after ${misfits.first}`, detail };
  }

  #advance(): void {
    const next = this.#checkpoints.next();
    this.#next = next.done === true ? undefined : next.value;
  }

  *#read({ size, note }: StoredCheckpoint): Generator<Defect, ReadCheckpoint | undefined> {
    const about = `checkpoint ${size}`;
    this.count += 1;
    try {
      const head = decodeCheckpoint(note);
      if (head.size !== size) {
        yield { about, detail: `says that it is of ${head.size} leaves` };
        return undefined;
      }
      const { holding, failing } = verifyNote(head.note, this.#keys);
      const isSigned = holding.length > 0 && failing.length === 0;
      if (!isSigned && this.#keys.length > 0) yield { about, detail: "is not signed by the log's key" };
      return { head, isSigned };
    } catch (error) {
      if (!(error instanceof MalformedInput)) throw error;
      yield { about, detail: error.message };
      return undefined;
    }
  }
}
