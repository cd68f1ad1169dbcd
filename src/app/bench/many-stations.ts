import { makeCredential } from '../instance/credentials.ts';
import { openInstance } from '../instance/open-instance.ts';
import type { BenchInstance } from './bench-instance.ts';
import { type Measurement, percentile, threeDigits } from './measurement.ts';
import { memoryBudgetMib } from './service-memory.ts';
import { ServiceProcess } from './service-process.ts';
import { StationLoad } from './station-load.ts';

/** A station makes a document in some minutes, so that this is much. */
const secondsToAnOrder = 2;

/** All stations of a State connected at once, each with a certificate of its own. */
export interface StationsMeasurement extends Measurement {
  readonly stations: number;
  /** Before any station has connected. */
  readonly beforeMib: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What the service takes at its peak, in a process that has done nothing else. */
export async function measureStations(
  instance: BenchInstance,
  options: { readonly stations: number; readonly seconds: number; readonly signal: AbortSignal },
): Promise<StationsMeasurement> {
  const { stations, seconds, signal } = options;
  const holders = Array.from({ length: stations }, (_, index) => `bench-station-${index}`);
  await makeCredentials(instance, holders);
  const service = new ServiceProcess(instance, undefined);
  try {
    await service.ready(signal);
    const peakMib = () => service.peakOctets() / 1_048_576;
    const beforeMib = peakMib();
    const load = new StationLoad(instance, holders);
    const documentType = instance.signers[0]?.documentType ?? '';
    const perSecond = stations / secondsToAnOrder;
    const { latenciesMs } = await load.runAtRate(documentType, perSecond, seconds, signal);
    const ours = peakMib();
    return {
      bench: `stations-${stations}`,
      unit: 'MiB',
      ours,
      limit: memoryBudgetMib,
      ratio: ours / memoryBudgetMib,
      against: `budget: at most so many resident, with ${stations} stations connected`,
      rounds: [{ ours, limit: memoryBudgetMib }],
      stations,
      beforeMib,
      perSecond,
      p50Ms: threeDigits(percentile(latenciesMs, 50)),
      p99Ms: threeDigits(percentile(latenciesMs, 99)),
    };
  } finally {
    await service.stop();
  }
}

async function makeCredentials(instance: BenchInstance, names: readonly string[]): Promise<void> {
  const open = openInstance(instance, { processes: 1, onEvent: () => undefined });
  try {
    for (const name of names) {
      await makeCredential(open.issuance, instance.paths.credentials, { name, role: 'station' });
    }
  } finally {
    open.close();
  }
}
