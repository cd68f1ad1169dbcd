/** A line of a body. Its octets are a view into what was received and must be read before more is given. */
export interface Line {
  /** From 1, empty lines counted. */
  readonly number: number;
  /** Without its line feed; undefined where it is over the limit, then none of it was kept. */
  readonly octets: Buffer | undefined;
}

const lineFeed = 0x0a;
const nothing: Buffer = Buffer.alloc(0);

/**
 * Takes a body apart into lines, wherever its chunks begin and end. Only a line that is not complete yet is
 * held back, and of one over the limit nothing. Lines of nothing but white space are counted and left out.
 */
export class LineReader {
  readonly #maxOctets: number;
  #chunk = nothing;
  #position = 0;
  #isEnded = false;
  /** The beginning of a line whose end has not come yet, copied: a view would keep its whole chunk. */
  #held = nothing;
  #heldOctets = 0;
  #number = 1;

  constructor(maxOctets: number) {
    this.#maxOctets = maxOctets;
  }

  /** The next part of the body, once `next` has nothing more of the last one. */
  give(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#position = 0;
  }

  /** The body is complete: its last line need not have a line feed. */
  end(): void {
    this.#isEnded = true;
  }

  /** The next complete line; undefined until more is given. */
  next(): Line | undefined {
    for (;;) {
      const end = this.#chunk.indexOf(lineFeed, this.#position);
      if (end < 0) break;
      const line = this.#take(this.#chunk.subarray(this.#position, end));
      this.#position = end + 1;
      if (line !== undefined) return line;
    }
    this.#hold(this.#chunk.subarray(this.#position));
    this.give(nothing);
    return this.#isEnded ? this.#take(nothing) : undefined;
  }

  #take(rest: Buffer): Line | undefined {
    const octets = this.#complete(rest);
    const number = this.#number;
    this.#number += 1;
    this.#held = nothing;
    this.#heldOctets = 0;
    return octets !== undefined && isBlank(octets) ? undefined : { number, octets };
  }

  #complete(rest: Buffer): Buffer | undefined {
    if (this.#heldOctets + rest.length > this.#maxOctets) return undefined;
    if (this.#heldOctets === 0) return rest;
    this.#hold(rest);
    return this.#held.subarray(0, this.#heldOctets);
  }

  /** Room grows by doubling, so that a line that comes octet by octet costs no more than one that does not. */
  #hold(part: Buffer): void {
    const octets = this.#heldOctets + part.length;
    if (octets > this.#maxOctets) this.#held = nothing;
    else {
      if (octets > this.#held.length) {
        const room = Buffer.allocUnsafeSlow(Math.min(this.#maxOctets, Math.max(1_024, 2 * octets)));
        this.#held.copy(room, 0, 0, this.#heldOctets);
        this.#held = room;
      }
      part.copy(this.#held, this.#heldOctets);
    }
    this.#heldOctets = octets;
  }
}

/** White space as JSON has it: a line that ends in CR LF is empty with its CR. */
function isBlank(octets: Buffer): boolean {
  return octets.every((octet) => octet === 0x20 || octet === 0x09 || octet === 0x0d);
}
