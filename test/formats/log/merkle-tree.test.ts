import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consistencyProof,
  inclusionProof,
  isConsistent,
  isIncluded,
  leafHash,
  type SubtreeHash,
  TreeEdge,
  treeRoot,
} from '../../../src/formats/log/merkle-tree.ts';
import { perfectRoot, subtreesOf, tileWidth } from '../../../src/formats/log/tiles.ts';
import {
  leafHashes,
  mth,
  path,
  proof,
  verifiesConsistency,
  verifiesInclusion,
} from '../../support/rfc6962.ts';

const largest = 600;
const leaves = leafHashes(largest);
const roots = Array.from({ length: largest + 1 }, (_, size) => mth(leaves.slice(0, size)));

/** Tiles of the tree, each hash straight from the definition in C2SP tlog-tiles. */
const subtrees: SubtreeHash = subtreesOf((level, from, count) => {
  const under = tileWidth ** level;
  const hash = (i: number) => mth(leaves.slice(i * under, (i + 1) * under));
  return Uint8Array.from(Buffer.concat(Array.from({ length: count }, (_, i) => hash(from + i))));
});

const root = (size: number) => roots[size]!;
const hex = (hashes: readonly Uint8Array[]) => hashes.map((hash) => Buffer.from(hash).toString('hex'));

/** 0 ≤ m ≤ n ≤ 600, n from 1 on. */
const sizes = fc
  .tuple(fc.integer({ min: 1, max: largest }), fc.nat({ max: largest }))
  .map(([n, m]) => [m % (n + 1), n] as const);

interface Vectors {
  readonly roots: readonly { readonly size: number; readonly root: string }[];
  readonly inclusion: readonly { readonly index: number; readonly size: number; readonly proof: string[] }[];
  readonly consistency: readonly {
    readonly oldSize: number;
    readonly size: number;
    readonly proof: string[];
  }[];
}
const vectors = JSON.parse(
  readFileSync(new URL('../../vectors/rfc6962/trees.json', import.meta.url), 'utf8'),
) as Vectors;

describe('Merkle tree (RFC 6962 §2.1)', () => {
  it('hashes leaves as Python does', () => {
    expect(leafHash(Buffer.from('entry 7'))).toEqual(leaves[7]);
  });

  it.each(vectors.roots)('has the root of Python at size $size', ({ size, root: expected }) => {
    expect(hex([treeRoot(subtrees, size), root(size)])).toEqual([expected, expected]);
  });

  it.each(vectors.inclusion)(
    'proves leaf $index of $size as Python does',
    ({ index, size, proof: expected }) => {
      expect(hex(inclusionProof(subtrees, index, size))).toEqual(expected);
    },
  );

  it.each(vectors.consistency)(
    'proves $size after $oldSize as Python does',
    ({ oldSize, size, proof: expected }) => {
      expect(hex(consistencyProof(subtrees, oldSize, size))).toEqual(expected);
    },
  );

  it('has the root of the definition at every size, from tiles and as it grows', () => {
    const edge = new TreeEdge();
    for (let size = 0; size <= largest; size += 1) {
      expect(treeRoot(subtrees, size)).toEqual(root(size));
      expect(edge.root()).toEqual(root(size));
      expect(edge.size).toBe(size);
      if (size < largest) edge.append(leaves[size]!);
    }
  });

  it('takes in whole subtrees as well as leaves', () => {
    const edge = new TreeEdge();
    edge.append(perfectRoot(leaves.slice(0, 256)), 8);
    edge.append(perfectRoot(leaves.slice(256, 512)), 8);
    const before = edge.clone();
    for (const leaf of leaves.slice(512)) edge.append(leaf);
    expect(edge.root()).toEqual(root(600));
    expect(before.root()).toEqual(root(512));
  });

  it('makes the inclusion proofs of the definition, which RFC 9162 verifies', () => {
    fc.assert(
      fc.property(sizes, ([m, n]) => {
        const index = m % n;
        const made = inclusionProof(subtrees, index, n);
        expect(hex(made)).toEqual(hex(path(index, leaves.slice(0, n))));
        expect(verifiesInclusion(leaves[index]!, index, n, made, root(n))).toBe(true);
        expect(isIncluded({ hash: leaves[index]!, index }, { size: n, root: root(n) }, made)).toBe(true);
      }),
    );
  });

  it('makes the consistency proofs of the definition, which RFC 9162 verifies', () => {
    fc.assert(
      fc.property(sizes, ([m, n]) => {
        const made = consistencyProof(subtrees, m, n);
        expect(hex(made)).toEqual(m === 0 ? [] : hex(proof(m, leaves.slice(0, n))));
        expect(verifiesConsistency(m, n, root(m), root(n), made)).toBe(true);
        expect(isConsistent({ size: m, root: root(m) }, { size: n, root: root(n) }, made)).toBe(true);
      }),
    );
  });

  it('agrees with RFC 9162 on inclusion proofs of which anything was changed', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.nat(),
        fc.nat({ max: 4 }),
        fc.integer({ min: 1, max: 255 }),
        ([m, n], at, how, mask) => {
          const index = m % n;
          const made = [...inclusionProof(subtrees, index, n)];
          const changed = change(made, at, how, mask);
          const [otherIndex, otherSize] = [how === 3 ? index + 1 : index, how === 4 ? n + 1 : n];
          const ours = isIncluded(
            { hash: leaves[index]!, index: otherIndex },
            { size: otherSize, root: root(n) },
            changed,
          );
          expect(ours).toBe(verifiesInclusion(leaves[index]!, otherIndex, otherSize, changed, root(n)));
          if (how === 0 && made.length > 0) expect(ours).toBe(false);
        },
      ),
    );
  });

  it('agrees with RFC 9162 on consistency proofs of which anything was changed', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.nat(),
        fc.nat({ max: 4 }),
        fc.integer({ min: 1, max: 255 }),
        ([m, n], at, how, mask) => {
          const made = [...consistencyProof(subtrees, m, n)];
          const changed = change(made, at, how, mask);
          const [oldSize, size] = [how === 3 ? Math.max(0, m - 1) : m, how === 4 ? n + 1 : n];
          fc.pre(oldSize > 0);
          const ours = isConsistent({ size: oldSize, root: root(m) }, { size, root: root(n) }, changed);
          expect(ours).toBe(verifiesConsistency(oldSize, size, root(m), root(n), changed));
          if (how === 0 && made.length > 0) expect(ours).toBe(false);
        },
      ),
    );
  });

  it('does not say that a tree continues another root', () => {
    const made = consistencyProof(subtrees, 256, 300);
    expect(isConsistent({ size: 256, root: root(255) }, { size: 300, root: root(300) }, made)).toBe(false);
    expect(isConsistent({ size: 0, root: root(1) }, { size: 300, root: root(300) }, [])).toBe(false);
    expect(isConsistent({ size: 301, root: root(301) }, { size: 300, root: root(300) }, [])).toBe(false);
  });

  it('proves in trees far beyond 32 bits, with no more hashes than their height', () => {
    const size = 2 ** 40 + 12_345;
    const asked: number[] = [];
    const made = inclusionProof(
      (height) => {
        asked.push(height);
        return leaves[0]!;
      },
      2 ** 39 + 1,
      size,
    );
    expect(made).toHaveLength(41);
    expect(Math.max(...asked)).toBe(39);
  });
});

/** 0: a bit, 1: one hash less, 2: one more; 3 and 4 leave the proof as it is. */
function change(made: readonly Uint8Array[], at: number, how: number, mask: number): readonly Uint8Array[] {
  if (how === 1) return made.slice(0, -1);
  if (how === 2) return [...made, leaves[0]!];
  if (how !== 0 || made.length === 0) return made;
  const changed = made.map((hash) => Uint8Array.from(hash));
  const hash = changed[at % changed.length]!;
  hash[at % 32] = hash[at % 32]! ^ mask;
  return changed;
}
