import { createHash } from 'node:crypto';

/** RFC 6962 §2.1 as it is written there: recursive, over whole lists of entries. The reference for our trees. */

function hash(...parts: readonly Uint8Array[]): Uint8Array {
  const sha256 = createHash('sha256');
  for (const part of parts) sha256.update(part);
  return Uint8Array.from(sha256.digest());
}

/** The largest power of two smaller than n. */
function k(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

/** MTH(D[n]); with the hashes of leaves in place of the entries, so that large trees stay quick. */
export function mth(leaves: readonly Uint8Array[]): Uint8Array {
  const n = leaves.length;
  if (n === 0) return hash();
  if (n === 1) return leaves[0]!;
  return hash(Uint8Array.of(1), mth(leaves.slice(0, k(n))), mth(leaves.slice(k(n))));
}

export function leafHashes(count: number, entry = (i: number) => `entry ${i}`): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, i) => hash(Uint8Array.of(0), Buffer.from(entry(i))));
}

/** PATH(m, D[n]) (§2.1.1). */
export function path(m: number, leaves: readonly Uint8Array[]): readonly Uint8Array[] {
  const n = leaves.length;
  if (n === 1) return [];
  return m < k(n)
    ? [...path(m, leaves.slice(0, k(n))), mth(leaves.slice(k(n)))]
    : [...path(m - k(n), leaves.slice(k(n))), mth(leaves.slice(0, k(n)))];
}

/** PROOF(m, D[n]) (§2.1.2). */
export function proof(m: number, leaves: readonly Uint8Array[]): readonly Uint8Array[] {
  return subproof(m, leaves, true);
}

function subproof(m: number, leaves: readonly Uint8Array[], whole: boolean): readonly Uint8Array[] {
  const n = leaves.length;
  if (m === n) return whole ? [] : [mth(leaves)];
  return m <= k(n)
    ? [...subproof(m, leaves.slice(0, k(n)), whole), mth(leaves.slice(k(n)))]
    : [...subproof(m - k(n), leaves.slice(k(n)), false), mth(leaves.slice(0, k(n)))];
}

/** Verification as RFC 9162 §2.1.3.2 writes it down, with shifts; nothing of ours is like it. */
export function verifiesInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  hashes: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (index >= size) return false;
  let [fn, sn, r] = [index, size - 1, leaf];
  for (const p of hashes) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      r = hash(Uint8Array.of(1), p, r);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else r = hash(Uint8Array.of(1), r, p);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return sn === 0 && Buffer.compare(r, root) === 0;
}

/** Verification as RFC 9162 §2.1.4.2 writes it down. */
export function verifiesConsistency(
  first: number,
  second: number,
  firstHash: Uint8Array,
  secondHash: Uint8Array,
  consistencyPath: readonly Uint8Array[],
): boolean {
  if (first === second) return consistencyPath.length === 0 && Buffer.compare(firstHash, secondHash) === 0;
  if (first === 0) return consistencyPath.length === 0;
  if (consistencyPath.length === 0) return false;
  const hashes = (first & (first - 1)) === 0 ? [firstHash, ...consistencyPath] : consistencyPath;
  let [fn, sn] = [first - 1, second - 1];
  while (fn % 2 === 1) [fn, sn] = [fn >> 1, sn >> 1];
  let [fr, sr] = [hashes[0]!, hashes[0]!];
  for (const c of hashes.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = hash(Uint8Array.of(1), c, fr);
      sr = hash(Uint8Array.of(1), c, sr);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else sr = hash(Uint8Array.of(1), sr, c);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return sn === 0 && Buffer.compare(fr, firstHash) === 0 && Buffer.compare(sr, secondHash) === 0;
}
