import { hash } from 'node:crypto';

/** The Merkle tree of RFC 6962 §2.1 over SHA-256: hashes, roots, and proofs made and checked. */

/** Octets of a hash. */
export const hashOctets = 32;

/** MTH of no leaf at all: SHA-256 of nothing. */
const emptyRoot: Uint8Array = sha256(new Uint8Array(0));

/** `SHA-256(00 || entry)`. */
export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([Uint8Array.of(0), entry]));
}

/** `SHA-256(01 || left || right)`. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([Uint8Array.of(1), left, right]));
}

/** In one call: a proof hashes some hundred nodes, and an object for each would take longer than the hashes. */
function sha256(octets: Uint8Array): Uint8Array {
  return Uint8Array.from(hash('sha256', octets, 'buffer'));
}

export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/**
 * The hash of the perfect subtree over leaves `index * 2^height` up to, not including, `(index + 1) * 2^height`.
 * All of these leaves are in the tree.
 */
export type SubtreeHash = (height: number, index: number) => Uint8Array;

/** A stretch of leaves, `to` not included. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** The height of the highest perfect subtree below `width` leaves, which are 2 or more (RFC 6962 §2.1, log2 of `k`). */
function splitHeight(width: number): number {
  let height = 0;
  // Not with shifts, nor with logarithms: sizes may exceed 32 bits, and must not be rounded.
  while (2 ** (height + 1) < width) height += 1;
  return height;
}

function splitOf(width: number): number {
  return 2 ** splitHeight(width);
}

/** MTH(D[from:to]); `from` is a multiple of a power of two that is at least as large as the width. */
function rangeHash(subtree: SubtreeHash, { from, to }: Range): Uint8Array {
  const width = to - from;
  if (width === 1) return subtree(0, from);
  const height = splitHeight(width);
  const k = 2 ** height;
  if (width === 2 * k) return subtree(height + 1, from / width);
  return nodeHash(subtree(height, from / k), rangeHash(subtree, { from: from + k, to }));
}

/** MTH(D[0:size]). */
export function treeRoot(subtree: SubtreeHash, size: number): Uint8Array {
  return size === 0 ? emptyRoot : rangeHash(subtree, { from: 0, to: size });
}

/** A step on the way from the root down: the half that is left behind, and on which side it lies. */
interface Sibling extends Range {
  readonly side: 'left' | 'right';
}

/** From the root's children down to the sibling of the leaf. */
function stepsToLeaf(index: number, size: number): readonly Sibling[] {
  const steps: Sibling[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      steps.push({ side: 'right', from: middle, to });
      to = middle;
    } else {
      steps.push({ side: 'left', from, to: middle });
      from = middle;
    }
  }
  return steps;
}

/** `PATH(index, D[size])` (RFC 6962 §2.1.1): from the leaf's sibling to the root's child. */
export function inclusionProof(subtree: SubtreeHash, index: number, size: number): readonly Uint8Array[] {
  return stepsToLeaf(index, size)
    .map((step) => rangeHash(subtree, step))
    .toReversed();
}

/** Whether the leaf is at `index` of the tree that has this size and root. */
export function isIncluded(
  leaf: { readonly hash: Uint8Array; readonly index: number },
  tree: { readonly size: number; readonly root: Uint8Array },
  proof: readonly Uint8Array[],
): boolean {
  if (leaf.index >= tree.size) return false;
  const steps = stepsToLeaf(leaf.index, tree.size).toReversed();
  if (steps.length !== proof.length) return false;
  const root = steps.reduce((hash, { side }, at) => joined(side, proof[at], hash), leaf.hash);
  return sameHash(root, tree.root);
}

/** Down to the last subtree that both trees have whole; `inner` is that one's place in the larger tree. */
function stepsToOldTree(oldSize: number, size: number) {
  const steps: Sibling[] = [];
  let [from, to] = [0, size];
  while (to !== oldSize) {
    const middle = from + splitOf(to - from);
    if (oldSize <= middle) {
      steps.push({ side: 'right', from: middle, to });
      to = middle;
    } else {
      steps.push({ side: 'left', from, to: middle });
      from = middle;
    }
  }
  return { steps, inner: { from, to } };
}

/**
 * `PROOF(oldSize, D[size])` (RFC 6962 §2.1.2). From an empty tree and to a tree of the same size nothing needs to be
 * proved: the proof is empty.
 */
export function consistencyProof(subtree: SubtreeHash, oldSize: number, size: number): readonly Uint8Array[] {
  if (oldSize === 0) return [];
  const { steps, inner } = stepsToOldTree(oldSize, size);
  const ranges = inner.from === 0 ? steps : [...steps, inner];
  return ranges.map((range) => rangeHash(subtree, range)).toReversed();
}

/** Whether the larger tree begins with all leaves of the smaller one. */
export function isConsistent(
  old: { readonly size: number; readonly root: Uint8Array },
  tree: { readonly size: number; readonly root: Uint8Array },
  proof: readonly Uint8Array[],
): boolean {
  if (old.size > tree.size) return false;
  if (old.size === 0) return proof.length === 0 && sameHash(old.root, emptyRoot);
  const { steps, inner } = stepsToOldTree(old.size, tree.size);
  // Where the old tree is the inner subtree itself, its root is known and not in the proof.
  const [start, rest] = inner.from === 0 ? [old.root, proof] : [proof[0], proof.slice(1)];
  if (start === undefined || rest.length !== steps.length) return false;
  let [oldRoot, root] = [start, start];
  for (const [at, { side }] of steps.toReversed().entries()) {
    if (side === 'left') oldRoot = joined(side, rest[at], oldRoot);
    root = joined(side, rest[at], root);
  }
  return sameHash(oldRoot, old.root) && sameHash(root, tree.root);
}

function joined(side: Sibling['side'], sibling: Uint8Array | undefined, hash: Uint8Array): Uint8Array {
  const other = sibling ?? new Uint8Array(0);
  return side === 'left' ? nodeHash(other, hash) : nodeHash(hash, other);
}

/**
 * The right edge of a tree that grows: one hash for each perfect subtree in it, so O(log n) of memory. Whole subtrees
 * can be put in as well as leaves.
 */
export class TreeEdge {
  #subtrees: readonly { readonly height: number; readonly hash: Uint8Array }[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param height of the subtree; the size so far is a multiple of its width */
  append(hash: Uint8Array, height = 0): void {
    const subtrees = [...this.#subtrees];
    let joinedSubtree = { height, hash };
    for (let last = subtrees.at(-1); last?.height === joinedSubtree.height; last = subtrees.at(-1)) {
      subtrees.pop();
      joinedSubtree = { height: last.height + 1, hash: nodeHash(last.hash, joinedSubtree.hash) };
    }
    this.#subtrees = [...subtrees, joinedSubtree];
    this.#size += 2 ** height;
  }

  root(): Uint8Array {
    const hashes = this.#subtrees.map(({ hash }) => hash);
    return hashes.length === 0 ? emptyRoot : hashes.reduceRight((right, left) => nodeHash(left, right));
  }

  clone(): TreeEdge {
    const copy = new TreeEdge();
    copy.#subtrees = this.#subtrees;
    copy.#size = this.#size;
    return copy;
  }
}
