import { type Lane, Places } from '../../services/sod/places.ts';
import { HttpProblem } from './problem.ts';

/** The part of one batch in the lines that all batches together may have under way. */
export interface BatchShare {
  /** Changes as other batches come and go, and with the requests under way. */
  readonly lines: number;
  leave(): void;
}

/** Enough to fill signers, commits and checks; more only makes everybody wait longer. */
const mostLines = 256;
const mostBatches = 32;

/**
 * Shares lines under way among the stations that have batches, in equal parts, and those of a station among its
 * batches. They get at most half of what the service takes at a time, and a batch never more than are free for
 * others: so no batch turns single requests away, and none of its own lines.
 */
export class BatchShares {
  readonly #lines: number;
  readonly #free: () => number;
  readonly #batches = new Places(mostBatches);
  /** Batches by station. */
  readonly #stations = new Map<string, number>();

  /**
   * @param maxInFlight what the service takes at a time
   * @param free how much of it is free now
   */
  constructor(maxInFlight: number, free: () => number) {
    this.#lines = Math.min(mostLines, Math.floor(maxInFlight / 2));
    this.#free = free;
  }

  /** @throws HttpProblem 503 when enough batches run already, 429 when the station has its share of them */
  join(station: string): BatchShare {
    const lane = { name: `station ${station}`, isBounded: true };
    if (this.#batches.free === 0) throw tooMany();
    if (this.#batches.hasShare(lane)) throw shareTaken(lane, this.#batches.takenBy(lane));
    this.#batches.take(lane);
    this.#stations.set(station, (this.#stations.get(station) ?? 0) + 1);
    const lines = () => {
      const part = this.#lines / this.#stations.size / (this.#stations.get(station) ?? 1);
      return Math.max(1, Math.floor(Math.min(part, this.#free())));
    };
    return {
      get lines() {
        return lines();
      },
      leave: () => {
        this.#batches.leave(lane);
        const left = (this.#stations.get(station) ?? 0) - 1;
        if (left > 0) this.#stations.set(station, left);
        else this.#stations.delete(station);
      },
    };
  }
}

function shareTaken({ name }: Lane, batches: number): HttpProblem {
  return new HttpProblem({
    type: 'too-many',
    title: 'Too many at a time',
    status: 429,
    detail: `${batches} batches of ${name} are being worked on, which is its share`,
    rule: 'station-share',
    source: 'RFC 6585 §4',
    mend: 'wait for Retry-After and send the batch again; one batch is as fast as many',
    retryAfter: 1,
  });
}

function tooMany(): HttpProblem {
  return new HttpProblem({
    type: 'too-many-batches',
    title: 'Too many batches at a time',
    status: 503,
    detail: `${mostBatches} batches are being worked on`,
    mend: 'wait for Retry-After and send the batch again; one batch is as fast as many',
  });
}
