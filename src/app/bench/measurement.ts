/** Figures of one benchmark, as `--json` prints them; the first seven fields are a contract. */
export interface Measurement {
  readonly bench: string;
  readonly algorithm?: string;
  readonly unit: string;
  /** Median of the rounds. */
  readonly ours: number;
  readonly limit: number;
  /** Median of the rounds' ratios: both sides of a ratio were measured one right after the other. */
  readonly ratio: number;
  /** What the limit is. */
  readonly against: string;
  readonly rounds: readonly Round[];
}

/** Ours and the limit, one right after the other. */
export interface Round {
  readonly ours: number;
  readonly limit: number;
}

/** Medians of rounds. */
export function overRounds(
  rounds: readonly Round[],
): Pick<Measurement, 'ours' | 'limit' | 'ratio' | 'rounds'> {
  return {
    ours: median(rounds.map(({ ours }) => ours)),
    limit: median(rounds.map(({ limit }) => limit)),
    ratio: median(rounds.map(({ ours, limit }) => ours / limit)),
    rounds,
  };
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** Interpolated between the two nearest values. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** Rounded to three significant digits, as more would pretend. */
export function threeDigits(value: number): number {
  return Number(value.toPrecision(3));
}
