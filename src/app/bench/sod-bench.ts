import { availableParallelism } from 'node:os';
import type { BareLimit } from './bare-limit.ts';
import { type BenchedSigner, type BenchInstance, benchedKey, recordOctets } from './bench-instance.ts';
import { type Measurement, overRounds, percentile, type Round } from './measurement.ts';
import type { ServiceProcess } from './service-process.ts';
import type { LoadResult, StationLoad } from './station-load.ts';

/** SODs per second through the station API, and what one costs. */
export interface SodMeasurement extends Measurement {
  readonly bench: 'sod-single';
  readonly algorithm: string;
  readonly inFlight: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of each part for one SOD, in microseconds. */
  readonly cpuUs: { readonly service: number; readonly signers: number; readonly load: number };
  /** Part of all processors' time that the load took for itself. */
  readonly loadShare: number;
  readonly recordOctets: number;
}

export interface SodBench {
  readonly instance: BenchInstance;
  readonly service: ServiceProcess;
  readonly load: StationLoad;
  readonly limit: BareLimit;
  readonly seconds: number;
  readonly rounds: number;
  readonly inFlight: number;
  readonly signal: AbortSignal;
}

/** Alternates short rounds of the service and of the bare loop, so that the machine's moods hit both alike. */
export async function measureSods(bench: SodBench, signer: BenchedSigner): Promise<SodMeasurement> {
  const { instance, service, load, limit, seconds, signal } = bench;
  const key = await benchedKey(instance, signer);
  // Warms up code, caches and connections; not counted.
  await load.run(signer.documentType, seconds / 2, signal);
  await limit.run({ ...key, seconds: seconds / 4 });
  const rounds: Round[] = [];
  const loads: LoadResult[] = [];
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
    rounds.push({ ours: result.sods / result.seconds, limit: await limit.run({ ...key, seconds }) });
    signal.throwIfAborted();
  }
  const sods = sum(loads.map((result) => result.sods));
  const loadCpu = sum(loads.map((result) => result.cpuSeconds));
  const latenciesMs = loads.flatMap((result) => result.latenciesMs);
  const perSod = (cpu: number) => (cpu / sods) * 1e6;
  return {
    bench: 'sod-single',
    algorithm: signer.algorithm,
    unit: 'SOD/s',
    ...overRounds(rounds),
    against: `bare loop of C_Sign and OpenSSL verify in ${limit.processes} processes, same token and key`,
    inFlight: bench.inFlight,
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
    cpuUs: { service: perSod(serviceCpu), signers: perSod(signerCpu), load: perSod(loadCpu) },
    loadShare: loadCpu / (sum(loads.map((result) => result.seconds)) * availableParallelism()),
    recordOctets: (recordOctets(instance) - octetsBefore) / sods,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
