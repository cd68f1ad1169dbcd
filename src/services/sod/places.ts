/** Where a request queues: the requests of one lane wait for each other, and lanes take turns. */
export interface Lane {
  readonly name: string;
  /** Whether the lane may have only a share of the places; a batch sees to that by itself. */
  readonly isBounded: boolean;
}

/** What nobody in particular asks for, such as what a crash left open. */
export const ownLane: Lane = { name: '', isBounded: false };

/**
 * The places for requests that are worked on at a time. A lane may have no more than are free for others: one alone
 * has half of them, each of two that take what they can has a third, and so on. So there always is a place
 * for a lane that has none, however many others take all that they can.
 */
export class Places {
  readonly #total: number;
  readonly #perLane: number;
  #taken = 0;
  /** Lanes are as many as stations; one that was there once stays, so that no order changes the table. */
  readonly #takenBy = new Map<string, number>();

  /** @param perLane the most for one lane, where that is less than its share */
  constructor(total: number, perLane = total) {
    this.#total = total;
    this.#perLane = perLane;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Below 0 where what a crash left open takes more than there are. */
  get free(): number {
    return this.#total - this.#taken;
  }

  takenBy({ name }: Lane): number {
    return this.#takenBy.get(name) ?? 0;
  }

  /** Whether the lane has as many as it may have. */
  hasShare(lane: Lane): boolean {
    return lane.isBounded && this.takenBy(lane) >= Math.min(this.#perLane, this.free);
  }

  take({ name }: Lane): void {
    this.#taken += 1;
    this.#takenBy.set(name, (this.#takenBy.get(name) ?? 0) + 1);
  }

  leave({ name }: Lane): void {
    this.#taken -= 1;
    this.#takenBy.set(name, Math.max(0, (this.#takenBy.get(name) ?? 0) - 1));
  }
}
