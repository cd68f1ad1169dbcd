import { HttpProblem } from './problem.ts';

/** The part of one batch in the lines that all batches together may have under way. */
export interface BatchShare {
  /** Changes as other batches come and go. */
  readonly lines: number;
  leave(): void;
}

/** Enough to fill signers, commits and checks; more only makes everybody wait longer. */
const mostLines = 256;
const mostBatches = 32;

/**
 * Shares lines under way among the batches that run, in equal parts. They get at most half of what the service
 * takes at a time, so that no batch turns single requests away, and none of its own lines.
 */
export class BatchShares {
  readonly #lines: number;
  #batches = 0;

  /** @param maxInFlight what the service takes at a time */
  constructor(maxInFlight: number) {
    this.#lines = Math.min(mostLines, Math.floor(maxInFlight / 2));
  }

  /** @throws HttpProblem 503 when enough batches run already */
  join(): BatchShare {
    if (this.#batches === mostBatches) throw tooMany();
    this.#batches += 1;
    const lines = () => Math.max(1, Math.floor(this.#lines / this.#batches));
    return {
      get lines() {
        return lines();
      },
      leave: () => {
        this.#batches -= 1;
      },
    };
  }
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
