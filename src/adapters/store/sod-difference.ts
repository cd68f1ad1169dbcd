import { InvariantBroken } from '../../services/errors.ts';

/**
 * EF.SODs of one Document Signer differ in a few hundred octets of some two thousand. One that is like another on
 * record is stored as its difference:
 *
 *     00  varint(leaf index of the other)  { varint(octets that are the same)  varint(n)  n other octets }*
 *
 * A varint has seven bits an octet, the lowest first, the highest bit set in all but the last. A file that is stored
 * whole begins with the tag 77, so that the first octet tells one from the other.
 */
export const isDifference = (stored: Uint8Array): boolean => stored[0] === 0x00;

/** Fewer octets that are the same between two that are not are not worth a run of their own. */
const shortestGap = 3;

/** @returns undefined where the difference would be no shorter than half the file */
export function differenceFrom(
  basis: { readonly leafIndex: number; readonly efSod: Uint8Array },
  efSod: Uint8Array,
): Uint8Array | undefined {
  const { efSod: other } = basis;
  if (other.length !== efSod.length) return undefined;
  const difference = new Difference(Math.ceil(efSod.length / 2));
  difference.putNumber(basis.leafIndex);
  let copied = 0;
  for (let at = nextOther(efSod, other, 0); at < efSod.length; at = nextOther(efSod, other, copied)) {
    const end = endOfRun(efSod, other, at);
    difference.putNumber(at - copied);
    difference.putNumber(end - at);
    difference.putOctets(efSod.subarray(at, end));
    if (difference.isFull) return undefined;
    copied = end;
  }
  return difference.octets;
}

/** Where the next octet is that is not the same. */
function nextOther(one: Uint8Array, other: Uint8Array, from: number): number {
  let at = from;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}

/** The end of the octets that differ, with such gaps between them as are not worth a run of their own. */
function endOfRun(one: Uint8Array, other: Uint8Array, from: number): number {
  let end = from + 1;
  for (let at = end; at < one.length && at - end < shortestGap; at += 1) {
    if (one[at] !== other[at]) end = at + 1;
  }
  return end;
}

/** Written up to a length; what comes after it is left out. */
class Difference {
  readonly #octets: Uint8Array;
  #length = 1;

  /** @param capacity octets that it must stay below */
  constructor(capacity: number) {
    this.#octets = new Uint8Array(capacity);
  }

  get isFull(): boolean {
    return this.#length >= this.#octets.length;
  }

  get octets(): Uint8Array | undefined {
    return this.isFull ? undefined : this.#octets.slice(0, this.#length);
  }

  putNumber(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) this.#put((rest % 0x80) | 0x80);
    this.#put(rest);
  }

  putOctets(octets: Uint8Array): void {
    if (this.#length + octets.length <= this.#octets.length) this.#octets.set(octets, this.#length);
    this.#length += octets.length;
  }

  #put(octet: number): void {
    this.#octets[this.#length] = octet;
    this.#length += 1;
  }
}

/** The leaf index of the EF.SOD that a stored one is the difference from; undefined for one that is stored whole. */
export function basisOf(stored: Uint8Array): number | undefined {
  return isDifference(stored) ? new Varints(stored, 1).next() : undefined;
}

/**
 * @param basis the EF.SOD that it is the difference from
 * @throws InvariantBroken when the difference reaches beyond it
 */
export function applyDifference(stored: Uint8Array, basis: Uint8Array): Uint8Array {
  const efSod = Uint8Array.from(basis);
  const varints = new Varints(stored, 1);
  varints.next();
  for (let at = 0; varints.at < stored.length; ) {
    at += varints.next();
    const length = varints.next();
    const octets = stored.subarray(varints.at, varints.at + length);
    if (octets.length !== length || at + length > efSod.length) throw damaged();
    efSod.set(octets, at);
    at += length;
    varints.at += length;
  }
  return efSod;
}

class Varints {
  readonly #octets: Uint8Array;
  at: number;

  constructor(octets: Uint8Array, at: number) {
    this.#octets = octets;
    this.at = at;
  }

  next(): number {
    for (let value = 0, unit = 1; ; unit *= 0x80) {
      const octet = this.#octets[this.at];
      if (octet === undefined || unit > 2 ** 42) throw damaged();
      this.at += 1;
      value += (octet & 0x7f) * unit;
      if (octet < 0x80) return value;
    }
  }
}

function damaged(): InvariantBroken {
  return new InvariantBroken('the records have an EF.SOD that is no difference from another one');
}
