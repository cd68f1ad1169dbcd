import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvariantBroken } from '../../services/errors.ts';
import { BareLimit } from './bare-limit.ts';
import { BatchLoad } from './batch-load.ts';
import { type BenchInstance, makeBenchInstance } from './bench-instance.ts';
import { measureCrl, measureCrlActs } from './crl-bench.ts';
import { measureColdStart } from './cold-start.ts';
import { type CpuProfile, flameGraph, hasCalled } from './flame-graph.ts';
import { measureGrowth } from './growth-bench.ts';
import { JavaPeer, missingForPeer } from './java-peer.ts';
import { measureLog } from './log-bench.ts';
import { measureStations } from './many-stations.ts';
import type { Measurement } from './measurement.ts';
import { ownCpu } from './own-cpu.ts';
import { measurePeer, peerKey, reasonAgainstPeer } from './peer-bench.ts';
import { ServiceProcess } from './service-process.ts';
import { measureMemory } from './service-memory.ts';
import { measureLatency, measureSods } from './sod-bench.ts';
import { StationLoad } from './station-load.ts';
import { measureTls } from './tls-echo.ts';

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
  /** Lines of the batch that shows how much memory the service takes. */
  readonly batchLines: number;
  /** Stations that are connected at once, to show how much memory that takes. */
  readonly stations: number;
  /** Leaves that the log is grown to. */
  readonly logLeaves: number;
  /** Whether to measure Bouncy Castle with SunPKCS11 beside the service. */
  readonly peer: boolean;
  /** SODs on record to measure the service with, ascending; with these it measures nothing else. */
  readonly growth: readonly number[] | undefined;
  /** Folder for CPU profiles of the service and its signers. */
  readonly profiles: string | undefined;
  /** File for a flame graph of the service's thread, SVG. */
  readonly flame: string | undefined;
}

export interface BenchEvents {
  /** What is being done, for people who wait. */
  progress(doing: string): void;
  measured(measurement: Measurement): void;
  /** What is not measured, and why. */
  skipped(what: string, why: string): void;
}

/** It answers from memory: more than this makes it no steadier. */
const longestTlsSeconds = 3;

/** Makes a private instance, measures it, and leaves nothing behind, however it ends. */
export async function runBench(
  options: BenchOptions,
  events: BenchEvents,
  signal: AbortSignal,
): Promise<void> {
  events.progress('making a private instance');
  const instance = await makeBenchInstance(options.policies, options.algorithms);
  try {
    if (options.growth !== undefined) {
      const bench = { ...options, instance, counts: options.growth, signal };
      const progress = (doing: string) => events.progress(doing);
      for await (const measurement of measureGrowth(bench, progress)) events.measured(measurement);
      return;
    }
    const profiles = options.profiles ?? join(instance.paths.home, 'profiles');
    const isProfiled = options.profiles !== undefined || options.flame !== undefined;
    await benchSods(instance, options, isProfiled ? profiles : undefined, events, signal);
    if (options.flame !== undefined) writeFileSync(options.flame, flameGraphOf(profiles, options.algorithms));
    events.progress(`${options.stations} stations at once`);
    events.measured(await measureStations(instance, { ...options, signal }));
    events.progress('CRL with 100,000 entries');
    events.measured(measureCrl(options.rounds));
    events.measured(await measureCrlActs(instance, options.rounds));
    events.progress('log');
    for await (const measured of measureLog(options.rounds, options.logLeaves, signal)) {
      events.measured(measured);
    }
    events.progress('cold start');
    events.measured(await measureColdStart(instance, { rounds: options.rounds, signal }));
  } finally {
    rmSync(instance.paths.home, { recursive: true, force: true });
  }
}

async function benchSods(
  instance: BenchInstance,
  options: BenchOptions,
  profiles: string | undefined,
  events: BenchEvents,
  signal: AbortSignal,
): Promise<void> {
  const { seconds, rounds, inFlight } = options;
  const service = new ServiceProcess(instance, profiles);
  let limit: BareLimit | undefined;
  let peer: JavaPeer | undefined;
  try {
    await service.ready(signal);
    limit = new BareLimit(instance, signal);
    await limit.ready();
    const bench = { instance, service, limit, seconds, rounds, signal };
    const stations = new StationLoad(instance, inFlight);
    const batches = new BatchLoad(instance);
    peer = options.peer ? await startPeer(instance, events) : undefined;
    events.progress('TLS by itself');
    const tlsUs = await measureTls(instance, {
      inFlight,
      seconds: Math.min(seconds, longestTlsSeconds),
      signal,
    });
    for (const signer of instance.signers) {
      events.progress(signer.algorithm);
      const single = { name: 'sod-single', load: stations, inFlight } as const;
      const singles = await measureSods(bench, signer, single);
      events.measured(singles);
      events.measured(ownCpu(singles, tlsUs));
      const half = { load: stations, perSecond: singles.ours / 2 };
      events.measured(await measureLatency(bench, signer, half));
      const batch = { name: 'sod-batch', load: batches, inFlight: 1 } as const;
      events.measured(await measureSods(bench, signer, batch));
      if (peer === undefined) continue;
      try {
        const sides = { peer, load: batches };
        for (const measurement of await measurePeer(bench, signer, sides)) events.measured(measurement);
      } catch (error) {
        events.skipped(`peer with ${signer.algorithm}`, reasonAgainstPeer(error));
      }
    }
    const documentType = instance.signers[0]?.documentType ?? '';
    events.progress(`memory in a batch of ${options.batchLines} lines`);
    const long = { load: batches, documentType, lines: options.batchLines };
    events.measured(await measureMemory(service, long, signal));
  } finally {
    limit?.close();
    peer?.close();
    await service.stop();
  }
}

async function startPeer(instance: BenchInstance, events: BenchEvents): Promise<JavaPeer | undefined> {
  const missing = missingForPeer();
  if (missing.length > 0) {
    events.skipped('peer', `it needs apt-get install ${missing.join(' ')}`);
    return undefined;
  }
  events.progress('starting the peer');
  return JavaPeer.start(
    instance,
    await Promise.all(instance.signers.map((signer) => peerKey(instance, signer))),
  );
}

/** Of the thread that serves stations: signers and workers have profiles of their own. */
function flameGraphOf(profiles: string, algorithms: readonly string[]): string {
  const file = '/src/services/sod/sod-service.ts';
  const found = readdirSync(profiles)
    .map((name) => JSON.parse(readFileSync(join(profiles, name), 'utf8')) as CpuProfile)
    .find((profile) => hasCalled(profile, file));
  if (found === undefined) throw new InvariantBroken('no profile is of the service');
  return flameGraph(found, { title: `The service, ${algorithms.join(', ')}`, file });
}
