import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from '../../services/errors.ts';
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
    await signAsSoonAsPossible(new StationLoad(instance, 1), documentType, () => {
      signal.throwIfAborted();
      service.assertRunning();
    });
    return (performance.now() - begun) / 1_000;
  } finally {
    await service.stop();
  }
}

async function signAsSoonAsPossible(
  load: StationLoad,
  documentType: string,
  assertSensible: () => void,
): Promise<void> {
  for (;;) {
    assertSensible();
    try {
      await load.signOne(documentType);
      return;
    } catch (error) {
      // Nothing listens yet, or its signers are still starting.
      if (!(error instanceof Unavailable)) throw error;
      await sleep(10);
    }
  }
}
