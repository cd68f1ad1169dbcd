import { rmSync } from 'node:fs';
import { BareLimit } from './bare-limit.ts';
import { type BenchInstance, makeBenchInstance } from './bench-instance.ts';
import { measureCrl, measureCrlActs } from './crl-bench.ts';
import { measureColdStart } from './cold-start.ts';
import type { Measurement } from './measurement.ts';
import { ServiceProcess } from './service-process.ts';
import { measureSods } from './sod-bench.ts';
import { StationLoad } from './station-load.ts';

export interface BenchOptions {
  /** Folder of the policies that the private instance starts from. */
  readonly policies: string;
  /** Key algorithms of the Document Signers to measure. */
  readonly algorithms: readonly string[];
  /** Length of each round of each side. */
  readonly seconds: number;
  readonly rounds: number;
  /** Requests under way at a time. */
  readonly inFlight: number;
  /** Folder for CPU profiles of the service and its signers. */
  readonly profiles: string | undefined;
}

export interface BenchEvents {
  /** What is being done, for people who wait. */
  progress(doing: string): void;
  measured(measurement: Measurement): void;
}

/** Makes a private instance, measures it, and leaves nothing behind, however it ends. */
export async function runBench(
  options: BenchOptions,
  events: BenchEvents,
  signal: AbortSignal,
): Promise<void> {
  events.progress('making a private instance');
  const instance = await makeBenchInstance(options.policies, options.algorithms);
  try {
    await benchSods(instance, options, events, signal);
    events.progress('CRL with 100,000 entries');
    events.measured(measureCrl(options.rounds));
    events.measured(await measureCrlActs(instance, options.rounds));
    events.progress('cold start');
    events.measured(await measureColdStart(instance, { rounds: options.rounds, signal }));
  } finally {
    rmSync(instance.paths.home, { recursive: true, force: true });
  }
}

async function benchSods(
  instance: BenchInstance,
  options: BenchOptions,
  events: BenchEvents,
  signal: AbortSignal,
): Promise<void> {
  const { seconds, rounds, inFlight } = options;
  const service = new ServiceProcess(instance, options.profiles);
  let limit: BareLimit | undefined;
  try {
    await service.ready(signal);
    limit = new BareLimit(instance, signal);
    await limit.ready();
    const load = new StationLoad(instance, inFlight);
    const bench = { instance, service, load, limit, seconds, rounds, inFlight, signal };
    for (const signer of instance.signers) {
      events.progress(signer.algorithm);
      events.measured(await measureSods(bench, signer));
    }
  } finally {
    limit?.close();
    await service.stop();
  }
}
