import { MalformedInput } from '../malformed-input.ts';
import { type CrlFrame, outOfOrder, readEntries } from './encode-crl.ts';
import { longestEntry, RevokedEntries } from './revoked-entries.ts';

/** A frame is a Name, two AlgorithmIdentifiers, a signature and some numbers; what is never written takes no memory. */
const frameRoom = 65_536;

/**
 * One list from the first entry to the finished CRL, in one place of memory: entries of the list before and new ones
 * are put where they belong, and the frame around them where they lie, because a list of megabytes is not copied
 * lightly.
 */
export class CrlInPlace {
  readonly #before: RevokedEntries;
  /** Octets of `before` that are in it already. */
  #taken = 0;
  #room: Uint8Array<ArrayBuffer>;
  #end = frameRoom;

  /** @param before in ascending order; they stay as they are encoded @throws MalformedInput */
  constructor(before: RevokedEntries = RevokedEntries.none) {
    if (!before.isAscending) throw outOfOrder();
    this.#before = before;
    this.#room = new Uint8Array(before.octets.length + 64 * longestEntry + 2 * frameRoom);
  }

  /**
   * Puts new entries among those of the list before.
   *
   * @param octets entries one after the other, ascending, greater than all that were added before
   * @throws MalformedInput when they are no entries, here or in the end, where their order is looked at too
   */
  add(octets: Uint8Array): void {
    if (this.#taken === this.#before.octets.length) {
      this.#append(octets);
      return;
    }
    const added = readEntries(octets);
    let from = 0;
    for (const { place, start } of this.#before.placesOf(added, this.#taken)) {
      if (place === this.#taken) continue;
      this.#append(octets.subarray(from, start));
      this.#append(this.#before.octets.subarray(this.#taken, place));
      [from, this.#taken] = [start, place];
    }
    this.#append(octets.subarray(from));
  }

  /**
   * All entries, when the last one was added.
   *
   * @throws MalformedInput when one is no entry, a serial number is there twice, or they are not in ascending order
   */
  entries(): RevokedEntries {
    this.#append(this.#before.octets.subarray(this.#taken));
    this.#taken = this.#before.octets.length;
    const entries = readEntries(this.#room.subarray(frameRoom, this.#end));
    if (!entries.isAscending) throw outOfOrder();
    return entries;
  }

  /**
   * The entries where they lie, within a frame; one that was put there before is written over.
   *
   * @throws MalformedInput on a frame of over 64 KiB on either side
   */
  within({ before, after }: CrlFrame): Uint8Array {
    if (Math.max(before.length, after.length) > frameRoom) {
      throw new MalformedInput('crl', `must not have over ${frameRoom} octets beside its entries`);
    }
    const start = frameRoom - before.length;
    this.#room.set(before, start);
    this.#room.set(after, this.#end);
    return this.#room.subarray(start, this.#end + after.length);
  }

  #append(octets: Uint8Array): void {
    const needed = this.#end + octets.length + frameRoom;
    // Moved, and not copied into a second one that waits to be collected.
    if (needed > this.#room.length) this.#room = new Uint8Array(this.#room.buffer.transfer(2 * needed));
    this.#room.set(octets, this.#end);
    this.#end += octets.length;
  }
}
