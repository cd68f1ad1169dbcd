import type { Job } from './job.ts';

/**
 * Jobs that wait for a process, one line for each lane. Lanes take turns, so that whoever sends much at a time waits
 * for himself and holds up nobody else by more than one job.
 */
export class WaitingJobs {
  /** The first lane has its turn next. */
  readonly #lanes = new Map<string, Job[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(job: Job): void {
    const line = this.#lanes.get(job.lane);
    if (line === undefined) this.#lanes.set(job.lane, [job]);
    else line.push(job);
    this.#size += 1;
  }

  /** First in its lane, as one that has waited already. */
  putBack(job: Job): void {
    const line = this.#lanes.get(job.lane);
    if (line === undefined) this.#lanes.set(job.lane, [job]);
    else line.unshift(job);
    this.#size += 1;
  }

  /** The first job of the lane whose turn it is. */
  shift(): Job | undefined {
    for (const [lane, line] of this.#lanes) {
      this.#lanes.delete(lane);
      const job = line.shift();
      if (job === undefined) continue;
      if (line.length > 0) this.#lanes.set(lane, line);
      this.#size -= 1;
      return job;
    }
    return undefined;
  }

  /** Takes out those for which this holds. */
  remove(isOut: (job: Job) => boolean): readonly Job[] {
    const out: Job[] = [];
    for (const [lane, line] of this.#lanes) {
      const left: Job[] = [];
      for (const job of line) (isOut(job) ? out : left).push(job);
      if (left.length > 0) this.#lanes.set(lane, left);
      else this.#lanes.delete(lane);
    }
    this.#size -= out.length;
    return out;
  }

  /** How many have their turn before one that would come into this lane now. */
  ahead(lane: string): number {
    const own = this.#lanes.get(lane)?.length ?? 0;
    let ahead = 0;
    for (const [name, line] of this.#lanes) ahead += name === lane ? own : Math.min(line.length, own + 1);
    return ahead;
  }

  /** When the first of the lane was accepted; undefined where nothing waits in it. */
  waitsSince(lane: string): number | undefined {
    return this.#lanes.get(lane)?.[0]?.acceptedAt;
  }

  /** When the job that has waited longest was accepted. */
  get oldest(): number | undefined {
    let oldest: number | undefined;
    for (const [first] of this.#lanes.values()) {
      if (first !== undefined && (oldest === undefined || first.acceptedAt < oldest))
        oldest = first.acceptedAt;
    }
    return oldest;
  }
}
