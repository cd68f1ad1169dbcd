import { cpSync, rmSync } from 'node:fs';
import { systemClock } from '../../adapters/clock/index.ts';
import { fillRecords } from '../../adapters/store/index.ts';
import { type Instance, loadInstance } from '../instance/load-instance.ts';
import { type BenchInstance, benchedKey, recordedSods, recordOctets } from './bench-instance.ts';
import { othersLike } from './like-efsod.ts';
import { type Measurement, median, overRounds, percentile, type Round } from './measurement.ts';
import { ServiceProcess } from './service-process.ts';
import { StationLoad } from './station-load.ts';

/** What SODs on record do to those that come after them. */
export interface GrowthMeasurement extends Measurement {
  readonly bench: 'growth';
  /** SODs on record when it began. */
  readonly recorded: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The same with few on record. */
  readonly baseP50Ms: number;
  readonly baseP99Ms: number;
  readonly peakMib: number;
  readonly octetsPerSod: number;
}

export interface GrowthBench {
  readonly instance: BenchInstance;
  /** Ascending; the first is what the others are compared with. */
  readonly counts: readonly number[];
  readonly seconds: number;
  readonly rounds: number;
  readonly inFlight: number;
  readonly signal: AbortSignal;
}

interface Served {
  readonly perSecond: number;
  readonly latenciesMs: readonly number[];
  readonly peakOctets: number;
}

/**
 * Fills the records of an instance, and compares what it does at each size with a copy of it at the first size, served
 * in turns.
 */
export async function* measureGrowth(
  bench: GrowthBench,
  progress: (doing: string) => void,
): AsyncIterable<GrowthMeasurement> {
  const { instance, counts, signal } = bench;
  const [signer] = instance.signers;
  const base = `${instance.paths.home}-base`;
  if (signer === undefined) return;
  await serve(bench, instance, signer.documentType, 0);
  const { keyId } = await benchedKey(instance, signer);
  try {
    for (const count of counts) {
      progress(`filling the records up to ${count} SODs`);
      fillRecords(instance.paths.records, { keyId, count, othersLike, clock: systemClock, signal });
      if (count === counts[0]) cpSync(instance.paths.home, base, { recursive: true });
      progress(`${recordedSods(instance)} SODs on record`);
      yield await compare(bench, loadInstance(base), signer.documentType);
    }
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

async function compare(bench: GrowthBench, base: Instance, documentType: string): Promise<GrowthMeasurement> {
  const { instance, seconds } = bench;
  const recorded = recordedSods(instance);
  const octetsPerSod = recordOctets(instance) / recorded;
  const rounds: Round[] = [];
  const ours: Served[] = [];
  const others: Served[] = [];
  for (let round = 0; round < bench.rounds; round += 1) {
    const grown = await serve(bench, instance, documentType, seconds);
    const small = await serve(bench, base, documentType, seconds);
    ours.push(grown);
    others.push(small);
    rounds.push({ ours: grown.perSecond, limit: small.perSecond });
  }
  const latency = (served: readonly Served[], percent: number) =>
    median(served.map(({ latenciesMs }) => percentile(latenciesMs, percent)));
  return {
    bench: 'growth',
    unit: 'SOD/s',
    ...overRounds(rounds),
    against: `the same with ${bench.counts[0]} SODs on record`,
    recorded,
    p50Ms: latency(ours, 50),
    p99Ms: latency(ours, 99),
    baseP50Ms: latency(others, 50),
    baseP99Ms: latency(others, 99),
    peakMib: Math.max(...ours.map(({ peakOctets }) => peakOctets)) / 1_048_576,
    octetsPerSod,
  };
}

/** Serves an instance, warms it up and keeps it busy for a time; at least one SOD is signed. */
async function serve(
  { inFlight, signal }: GrowthBench,
  instance: Instance,
  documentType: string,
  seconds: number,
): Promise<Served> {
  const service = new ServiceProcess(instance, undefined);
  try {
    await service.ready(signal);
    const load = new StationLoad(instance, inFlight);
    await load.signOne(documentType);
    if (seconds === 0) return { perSecond: 0, latenciesMs: [], peakOctets: 0 };
    await load.run(documentType, seconds / 2, signal);
    const result = await load.run(documentType, seconds, signal);
    const { sods, latenciesMs } = result;
    return { perSecond: sods / result.seconds, latenciesMs, peakOctets: service.peakOctets() };
  } finally {
    await service.stop();
  }
}
