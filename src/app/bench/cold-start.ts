import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchInstance } from './bench-instance.ts';
import { type Measurement, overRounds, type Round } from './measurement.ts';
import { ServiceProcess } from './service-process.ts';
import { StationLoad } from './station-load.ts';

/** Seconds from start to the first SOD that are allowed on the development token. */
const budgetSeconds = 2;

/** How long it takes from the start of `serve` on an instance that has everything to the first signed SOD. */
export async function measureColdStart(
  instance: BenchInstance,
  options: { readonly rounds: number; readonly signal: AbortSignal },
): Promise<Measurement> {
  const rounds: Round[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    options.signal.throwIfAborted();
    rounds.push({ ours: await secondsToFirstSod(instance, options.signal), limit: budgetSeconds });
  }
  return { bench: 'cold-start', unit: 's', ...overRounds(rounds), against: 'budget: at most so many' };
}

async function secondsToFirstSod(instance: BenchInstance, signal: AbortSignal): Promise<number> {
  const documentType = instance.signers[0]?.documentType ?? '';
  const begun = performance.now();
  const service = new ServiceProcess(instance, undefined);
  try {
    const load = await connect(instance, service, signal);
    try {
      await load.signOne(documentType);
      return (performance.now() - begun) / 1_000;
    } finally {
      load.close();
    }
  } finally {
    await service.stop();
  }
}

/** As soon as the service listens, which it does once its Document Signers are known. */
async function connect(
  instance: BenchInstance,
  service: ServiceProcess,
  signal: AbortSignal,
): Promise<StationLoad> {
  for (;;) {
    signal.throwIfAborted();
    service.assertRunning();
    try {
      return await StationLoad.open(instance, 1);
    } catch {
      await sleep(10);
    }
  }
}
