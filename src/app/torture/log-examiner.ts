import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { type Checkpoint, decodeCheckpoint } from '../../formats/log/checkpoint.ts';
import { decodeVerifierKey, verifyNote } from '../../formats/log/verifier-key.ts';
import type { Breach } from './answers.ts';
import { octetsIn } from './stored-sods.ts';

interface LogEvent {
  readonly event: string;
  readonly sha256: string;
}

interface Reading {
  /** What a leaf says of each product, as `event digest`. */
  readonly products: ReadonlyMap<string, string>;
  /** SODs by their leaf. */
  readonly sods: ReadonlyMap<number, { readonly sha256: string }>;
  readonly isOnlyNew: boolean;
}

/**
 * The log as it lies on record: leaves from 0 on without gaps, each hashed as RFC 6962 §2.1 says, one for each product
 * and no other; tiles and checkpoints that are those of the leaves, computed here once more.
 */
export class LogExaminer {
  readonly #leaves: string[] = [];
  /** Root of the tree of the first n leaves at n, hexadecimal. */
  readonly #roots: string[] = [sha256(Buffer.alloc(0)).toString('hex')];
  /** Full subtrees of the leaves so far, largest first. */
  #frontier: { readonly leaves: number; readonly hash: Buffer }[] = [];
  readonly #sodLeaves = new Set<number>();
  /** What leaves other than those of SODs say. */
  readonly #logged = new Set<string>();
  readonly #checkpoints = new Map<number, string>();

  /** Size of the largest checkpoint that was on record. */
  get checkpointSize(): number {
    return Math.max(0, ...this.#checkpoints.keys());
  }

  /** Whether the tree had this root when it had this size. */
  hasRoot(size: number, root: Uint8Array): boolean {
    return this.#roots[size] === Buffer.from(root).toString('hex');
  }

  examine(database: DatabaseSync, reading: Reading): readonly Breach[] {
    const breaches: Breach[] = [];
    const breach = (detail: string) => breaches.push({ invariant: 'I1', detail });
    this.#examineLeaves(database, reading, breach);
    for (const [leafIndex] of reading.sods) {
      if (!this.#sodLeaves.has(leafIndex)) breach(`the SOD at leaf ${leafIndex} is not in the log`);
    }
    for (const [key, name] of reading.products)
      if (!this.#logged.has(key)) breach(`${name} is not in the log`);
    if (!reading.isOnlyNew) this.#examineTiles(database, breach);
    this.#examineCheckpoints(database, breach);
    return breaches;
  }

  #examineLeaves(database: DatabaseSync, reading: Reading, breach: (detail: string) => void): void {
    const { products, sods, isOnlyNew } = reading;
    let next = isOnlyNew ? this.#leaves.length : 0;
    const rows = database.prepare('SELECT * FROM log_leaves WHERE leaf_index >= ? ORDER BY leaf_index');
    for (const row of rows.iterate(next)) {
      const leafIndex = Number(row['leaf_index']);
      const text = String(row['event']);
      if (leafIndex !== next) breach(`the log has leaf ${leafIndex} where ${next} should be`);
      next = leafIndex + 1;
      const hash = sha256(Buffer.of(0), Buffer.from(text));
      if (Buffer.compare(octetsIn(row['leaf_hash']), hash) !== 0) {
        breach(`the hash of leaf ${leafIndex} is not that of its event`);
      }
      const before = this.#leaves[leafIndex];
      if (before === undefined) this.#append(hash);
      else if (before !== hash.toString('hex')) breach(`leaf ${leafIndex} has changed`);
      const { event, sha256: digest } = JSON.parse(text) as LogEvent;
      if (event === 'sod') {
        this.#sodLeaves.add(leafIndex);
        if (sods.get(leafIndex)?.sha256 !== digest) breach(`leaf ${leafIndex} is of no SOD on record`);
        continue;
      }
      const key = `${event} ${digest}`;
      if (!products.has(key)) breach(`leaf ${leafIndex} is of no ${event} on record`);
      if (before === undefined && this.#logged.has(key))
        breach(`leaf ${leafIndex} is of what another leaf is of`);
      this.#logged.add(key);
    }
    if (next < this.#leaves.length) breach(`the log has ${next} leaves and had ${this.#leaves.length}`);
  }

  #append(leaf: Buffer): void {
    this.#leaves.push(leaf.toString('hex'));
    this.#frontier.push({ leaves: 1, hash: leaf });
    for (;;) {
      const [left, right] = this.#frontier.slice(-2);
      if (left === undefined || right === undefined || left.leaves !== right.leaves) break;
      this.#frontier.splice(-2, 2, { leaves: 2 * left.leaves, hash: parent(left.hash, right.hash) });
    }
    const hashes = this.#frontier.map(({ hash }) => hash);
    this.#roots.push(hashes.reduceRight((right, left) => parent(left, right)).toString('hex'));
  }

  /** Each hash of a level is that of 256 of the level below; no more and no fewer than are full. */
  #examineTiles(database: DatabaseSync, breach: (detail: string) => void): void {
    let below: readonly Buffer[] = this.#leaves.map((hash) => Buffer.from(hash, 'hex'));
    for (let level = 1; below.length > 0; level += 1) {
      const rows = database.prepare('SELECT hashes FROM log_tiles WHERE level = ? ORDER BY tile').all(level);
      const found = Buffer.concat(rows.map(({ hashes }) => octetsIn(hashes)));
      const full = Math.floor(below.length / 256);
      below = Array.from({ length: full }, (_, index) =>
        perfect(below.slice(256 * index, 256 * (index + 1))),
      );
      if (Buffer.compare(found, Buffer.concat(below)) !== 0)
        breach(`the tiles of level ${level} are not of the leaves`);
    }
  }

  #examineCheckpoints(database: DatabaseSync, breach: (detail: string) => void): void {
    const gone = new Set(this.#checkpoints.keys());
    const largest = this.checkpointSize;
    const vkeys = database.prepare("SELECT value FROM meta WHERE key = 'log-vkey'").get()?.['value'];
    for (const row of database.prepare('SELECT tree_size, note FROM log_checkpoints').all()) {
      const size = Number(row['tree_size']);
      const note = octetsIn(row['note']);
      const digest = sha256(note).toString('hex');
      gone.delete(size);
      if (this.#checkpoints.get(size) === digest) continue;
      if (this.#checkpoints.has(size)) breach(`the checkpoint of ${size} leaves has changed`);
      if (size < largest) breach(`a checkpoint of ${size} leaves came after one of ${largest}`);
      this.#checkpoints.set(size, digest);
      const checkpoint = decodeCheckpoint(note);
      if (checkpoint.size !== size || !this.hasRoot(size, checkpoint.root)) {
        breach(`the checkpoint of ${size} leaves is not of these leaves`);
      }
      if (!isSigned(checkpoint, vkeys)) breach(`the checkpoint of ${size} leaves is not signed by the log`);
    }
    for (const size of gone) breach(`the checkpoint of ${size} leaves is gone`);
  }
}

/** @param vkeys a line for each key that the log ever had */
function isSigned({ note }: Checkpoint, vkeys: unknown): boolean {
  if (typeof vkeys !== 'string') return false;
  const { holding, failing } = verifyNote(note, vkeys.split('\n').map(decodeVerifierKey));
  return holding.length > 0 && failing.length === 0;
}

function parent(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(Buffer.of(1), left, right);
}

/** Root of a full subtree. */
function perfect(hashes: readonly Buffer[]): Buffer {
  let level = hashes;
  while (level.length > 1) {
    level = Array.from({ length: level.length / 2 }, (_, index) =>
      parent(level[2 * index] ?? Buffer.alloc(0), level[2 * index + 1] ?? Buffer.alloc(0)),
    );
  }
  return level[0] ?? Buffer.alloc(0);
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
