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
const isDifference = (stored: Uint8Array): boolean => stored[0] === 0x00;

/** Fewer octets that are the same between two that are not are not worth a run of their own. */
const shortestGap = 3;

/** @returns undefined where the difference would be no shorter than half the file */
export function differenceFrom(
  basis: { readonly leafIndex: number; readonly efSod: Uint8Array },
  efSod: Uint8Array,
): Uint8Array | undefined {
  const { efSod: other } = basis;
  if (other.length !== efSod.length) return undefined;
  const longest = efSod.length / 2;
  const octets: number[] = [0x00];
  putVarint(octets, basis.leafIndex);
  let copied = 0;
  for (let at = 0; at < efSod.length && octets.length < longest; ) {
    if (efSod[at] === other[at]) {
      at += 1;
      continue;
    }
    let end = at + 1;
    for (let same = 0; end + same < efSod.length && same < shortestGap; ) {
      if (efSod[end + same] === other[end + same]) same += 1;
      else {
        end += same + 1;
        same = 0;
      }
    }
    putVarint(octets, at - copied);
    putVarint(octets, end - at);
    for (let index = at; index < end; index += 1) octets.push(efSod[index] ?? 0);
    copied = end;
    at = end;
  }
  return octets.length < longest ? Uint8Array.from(octets) : undefined;
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

function putVarint(octets: number[], value: number): void {
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) octets.push((rest % 0x80) | 0x80);
  octets.push(rest);
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
