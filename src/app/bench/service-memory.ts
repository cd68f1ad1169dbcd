import type { BatchLoad } from './batch-load.ts';
import type { Measurement } from './measurement.ts';
import type { ServiceProcess } from './service-process.ts';

/** At any load. */
export const memoryBudgetMib = 250;

/** The most memory that the service takes, and that a long batch does not take more of it than a short one. */
export interface MemoryMeasurement extends Measurement {
  readonly batchLines: number;
  /** Before the long batch. */
  readonly beforeMib: number;
}

export async function measureMemory(
  service: ServiceProcess,
  batch: { readonly load: BatchLoad; readonly documentType: string; readonly lines: number },
  signal: AbortSignal,
): Promise<MemoryMeasurement> {
  const peakMib = () => service.peakOctets() / 1_048_576;
  const beforeMib = peakMib();
  await batch.load.runLines(batch.documentType, batch.lines, signal);
  const ours = peakMib();
  return {
    bench: 'service-memory',
    unit: 'MiB',
    ours,
    limit: memoryBudgetMib,
    ratio: ours / memoryBudgetMib,
    against: `budget: at most so many resident, after a batch of ${batch.lines} lines`,
    rounds: [{ ours, limit: memoryBudgetMib }],
    batchLines: batch.lines,
    beforeMib,
  };
}
