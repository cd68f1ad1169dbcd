import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { BareLimit } from './bare-limit.ts';
import { type BenchedSigner, type BenchInstance, benchedKey, recordOctets } from './bench-instance.ts';
import { type Measurement, overRounds, percentile, type Round } from './measurement.ts';
import type { ServiceProcess } from './service-process.ts';
import type { LoadResult, SodLoad, StationLoad } from './station-load.ts';

/** SODs per second through the station API, and what one costs. */
export interface SodMeasurement extends Measurement {
  readonly bench: 'sod-single' | 'sod-batch';
  readonly algorithm: string;
  /** Requests; of a batch there is one. */
  readonly inFlight: number;
  /** Of single requests. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** Processor time of each part for one SOD, in microseconds. */
  readonly cpuUs: {
    readonly service: number;
    readonly signers: number;
    readonly load: number;
    /** The bare loop's, for one signature and its verification. */
    readonly limit: number;
  };
  /** Part of all processors' time that the load took for itself. */
  readonly loadShare: number;
  readonly recordOctets: number;
}

export interface SodBench {
  readonly instance: BenchInstance;
  readonly service: ServiceProcess;
  readonly limit: BareLimit;
  readonly seconds: number;
  readonly rounds: number;
  readonly signal: AbortSignal;
}

/** Alternates short rounds of the service and of the bare loop, so that the machine's moods hit both alike. */
export async function measureSods(
  bench: SodBench,
  signer: BenchedSigner,
  kind: { readonly name: SodMeasurement['bench']; readonly load: SodLoad; readonly inFlight: number },
): Promise<SodMeasurement> {
  const { instance, service, limit, seconds, signal } = bench;
  const { name, load, inFlight } = kind;
  const key = await benchedKey(instance, signer);
  // Warms up code, caches and connections; not counted.
  await load.run(signer.documentType, seconds / 2, signal);
  await limit.run({ ...key, seconds: seconds / 4 });
  const rounds: Round[] = [];
  const loads: LoadResult[] = [];
  const limitCpuUs: number[] = [];
  let serviceCpu = 0;
  let signerCpu = 0;
  const octetsBefore = recordOctets(instance);
  for (let round = 0; round < bench.rounds; round += 1) {
    service.assertRunning();
    const before = service.cpu();
    const result = await load.run(signer.documentType, seconds, signal);
    const after = service.cpu();
    serviceCpu += after.service - before.service;
    signerCpu += after.signers - before.signers;
    loads.push(result);
    const bare = await limit.run({ ...key, seconds });
    limitCpuUs.push(bare.cpuUs);
    rounds.push({ ours: result.sods / result.seconds, limit: bare.perSecond });
    signal.throwIfAborted();
  }
  const sods = sum(loads.map((result) => result.sods));
  const loadCpu = sum(loads.map((result) => result.cpuSeconds));
  const latenciesMs = loads.flatMap((result) => result.latenciesMs);
  const perSod = (cpu: number) => (cpu / sods) * 1e6;
  return {
    bench: name,
    algorithm: signer.algorithm,
    unit: 'SOD/s',
    ...overRounds(rounds),
    against: `bare loop of C_Sign and OpenSSL verify in ${limit.processes} processes, same token and key`,
    inFlight,
    ...(latenciesMs.length > 0 && {
      p50Ms: percentile(latenciesMs, 50),
      p99Ms: percentile(latenciesMs, 99),
    }),
    cpuUs: {
      service: perSod(serviceCpu),
      signers: perSod(signerCpu),
      load: perSod(loadCpu),
      limit: sum(limitCpuUs) / bench.rounds,
    },
    loadShare: loadCpu / (sum(loads.map((result) => result.seconds)) * availableParallelism()),
    recordOctets: (recordOctets(instance) - octetsBefore) / sods,
  };
}

/**
 * The 99th percentile of latency at half of the rate that was measured, held against that of the least that a
 * durable SOD takes alone: `C_Sign`, verification and one sync of the disk, in one process.
 */
export async function measureLatency(
  bench: SodBench,
  signer: BenchedSigner,
  half: { readonly load: StationLoad; readonly perSecond: number },
): Promise<Measurement> {
  const { instance, limit, seconds, signal } = bench;
  const key = await benchedKey(instance, signer);
  const syncedFile = join(instance.paths.home, 'synced');
  const rounds: Round[] = [];
  for (let round = 0; round < bench.rounds; round += 1) {
    const { latenciesMs } = await half.load.runAtRate(signer.documentType, half.perSecond, seconds, signal);
    const bare = await limit.latencies({ ...key, seconds, syncedFile });
    rounds.push({ ours: percentile(latenciesMs, 99), limit: percentile(bare, 99) });
    signal.throwIfAborted();
  }
  return {
    bench: 'sod-p99-half-load',
    algorithm: signer.algorithm,
    unit: 'ms',
    ...overRounds(rounds),
    against: 'p99 of C_Sign, OpenSSL verify and one fdatasync in one process, budget 5 times that',
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
