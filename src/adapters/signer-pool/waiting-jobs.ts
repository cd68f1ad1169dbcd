import type { Job } from './job.ts';

interface Line {
  readonly lane: string;
  readonly jobs: Job[];
}

/**
 * Jobs that wait for a process, one line for each lane. Lanes take turns, so that whoever sends much at a time waits
 * for himself and holds up nobody else by more than one job.
 */
export class WaitingJobs {
  /** Lanes are as many as stations; one that was there once stays, so that no job changes the table. */
  readonly #lines = new Map<string, Line>();
  /** Lines with jobs; the first one has its turn next. */
  #turns: Line[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(job: Job): void {
    this.#lineFor(job).push(job);
    this.#size += 1;
  }

  /** First in its lane, as one that has waited already. */
  putBack(job: Job): void {
    this.#lineFor(job).unshift(job);
    this.#size += 1;
  }

  /** The first job of the lane whose turn it is. */
  shift(): Job | undefined {
    const line = this.#turns.shift();
    const job = line?.jobs.shift();
    if (line === undefined || job === undefined) return undefined;
    if (line.jobs.length > 0) this.#turns.push(line);
    this.#size -= 1;
    return job;
  }

  /** Takes out those for which this holds. */
  remove(isOut: (job: Job) => boolean): readonly Job[] {
    const out: Job[] = [];
    for (const { jobs } of this.#turns) {
      for (const job of jobs.splice(0)) (isOut(job) ? out : jobs).push(job);
    }
    this.#turns = this.#turns.filter(({ jobs }) => jobs.length > 0);
    this.#size -= out.length;
    return out;
  }

  /** How many have their turn before one that would come into this lane now. */
  ahead(lane: string): number {
    const own = this.#lines.get(lane)?.jobs.length ?? 0;
    let ahead = 0;
    for (const { lane: other, jobs } of this.#turns)
      ahead += other === lane ? own : Math.min(jobs.length, own + 1);
    return ahead;
  }

  /** When the first of the lane was accepted; undefined where nothing waits in it. */
  waitsSince(lane: string): number | undefined {
    return this.#lines.get(lane)?.jobs[0]?.acceptedAt;
  }

  /** When the job that has waited longest was accepted. */
  get oldest(): number | undefined {
    let oldest: number | undefined;
    for (const {
      jobs: [first],
    } of this.#turns) {
      if (first !== undefined && (oldest === undefined || first.acceptedAt < oldest))
        oldest = first.acceptedAt;
    }
    return oldest;
  }

  /** Its jobs, with a turn after the others' where it had none. */
  #lineFor({ lane }: Job): Job[] {
    let line = this.#lines.get(lane);
    if (line === undefined) {
      line = { lane, jobs: [] };
      this.#lines.set(lane, line);
    }
    if (line.jobs.length === 0) this.#turns.push(line);
    return line.jobs;
  }
}
