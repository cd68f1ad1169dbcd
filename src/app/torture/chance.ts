import { createHash } from 'node:crypto';

/** Chance that can be repeated: the same seed and purpose give the same values in the same order. */
export class Chance {
  readonly #seed: string;
  #drawn = 0;

  constructor(seed: number, purpose: string) {
    this.#seed = `${seed}/${purpose}`;
  }

  octets(count: number): Uint8Array {
    const blocks: Buffer[] = [];
    for (let length = 0; length < count; length += 32) blocks.push(this.#block());
    return Uint8Array.from(Buffer.concat(blocks).subarray(0, count));
  }

  /** A whole number from 0, less than `limit`. */
  below(limit: number): number {
    return this.#block().readUIntBE(0, 6) % limit;
  }

  /** True in `percent` of a hundred cases. */
  happens(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** @throws RangeError when there is nothing to choose from */
  oneOf<T>(choices: readonly T[]): T {
    const choice = choices[this.below(Math.max(choices.length, 1))];
    if (choice === undefined) throw new RangeError('nothing to choose from');
    return choice;
  }

  #block(): Buffer {
    this.#drawn += 1;
    return createHash('sha256').update(`${this.#seed}/${this.#drawn}`).digest();
  }
}
