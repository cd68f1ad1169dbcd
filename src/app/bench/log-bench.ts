import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { join } from 'node:path';
import { type BareLog, openBareLog } from '../../adapters/store/index.ts';
import { consistencyProof, inclusionProof, isConsistent, treeRoot } from '../../formats/log/merkle-tree.ts';
import { subtreesOf } from '../../formats/log/tiles.ts';
import { InvariantBroken } from '../../services/errors.ts';
import { median, type Measurement, overRounds, type Round } from './measurement.ts';

/** What a growing log costs. */
export interface LogMeasurement extends Measurement {
  readonly leaves: number;
  /** What the process holds more than before the first leaf, after its garbage was collected. */
  readonly memoryGrowthMib: number;
  /** Hashes in the longest proof. */
  readonly hashes?: number;
}

const sizes: readonly number[] = [1_000, 100_000, 1_000_000, 10_000_000];
/** Leaves of a transaction, as a busy service has them. */
const inTransaction = 256;
const appended = 5_120;
const proved = 200;

/**
 * Appending and proving at growing sizes, each beside the same at the first size: what is O(log n) stays near 1.
 *
 * @param largest leaves to grow to
 */
export async function* measureLog(
  rounds: number,
  largest: number,
  signal: AbortSignal,
): AsyncGenerator<LogMeasurement> {
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-log-bench-'));
  const log = openBareLog(join(folder, 'records.sqlite'));
  try {
    const first: { append?: number; proof?: number } = {};
    const before = heldOctets();
    for (const leaves of sizes.filter((size) => size <= largest)) {
      await growTo(log, leaves, signal);
      const appends: number[] = [];
      const proofs: { us: number; hashes: number }[] = [];
      for (let round = 0; round < rounds; round += 1) {
        appends.push(await appendUs(log));
        proofs.push(proofUs(log));
      }
      first.append ??= median(appends);
      first.proof ??= median(proofs.map(({ us }) => us));
      const common = { unit: 'µs', leaves, against: `processor time of the same at ${sizes[0]} leaves` };
      const memoryGrowthMib = (heldOctets() - before) / 1_048_576;
      const beside =
        (limit: number) =>
        (ours: number): Round => ({ ours, limit });
      yield {
        bench: `log-append-${leaves}`,
        ...common,
        ...overRounds(appends.map(beside(first.append))),
        memoryGrowthMib,
      };
      yield {
        bench: `log-proof-${leaves}`,
        ...common,
        ...overRounds(proofs.map(({ us }) => us).map(beside(first.proof))),
        memoryGrowthMib,
        hashes: Math.max(...proofs.map(({ hashes }) => hashes)),
      };
    }
  } finally {
    log.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** By the interpreter; what SQLite holds is bounded by its page cache. */
function heldOctets(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function growTo(log: BareLog, size: number, signal: AbortSignal): Promise<void> {
  for (let at = log.size; at < size; at = log.size) {
    signal.throwIfAborted();
    await log.append(events(at, Math.min(inTransaction, size - at)));
  }
}

function events(from: number, count: number) {
  return Array.from({ length: count }, (_, i) => ({
    event: 'sod' as const,
    sha256: createHash('sha256')
      .update(String(from + i))
      .digest('hex'),
    at: '2026-11-21T12:00:00.000Z',
  }));
}

/** Of this process: what a busy machine does besides does not count. */
function processorUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Of one leaf, with its share of the transaction and of the tiles that are filled. */
async function appendUs(log: BareLog): Promise<number> {
  const begun = processorUs();
  for (let done = 0; done < appended; done += inTransaction) {
    await log.append(events(log.size, inTransaction));
  }
  return (processorUs() - begun) / appended;
}

/** Of an inclusion proof and a consistency proof to anywhere in the log, read from disk and not from memory. */
function proofUs(log: BareLog): { us: number; hashes: number } {
  const { size } = log;
  const subtrees = subtreesOf(log.hashes);
  const root = treeRoot(subtrees, size);
  let hashes = 0;
  let us = 0;
  for (let i = 1; i <= proved; i += 1) {
    const index = Math.floor((i * size) / (proved + 1));
    const begun = processorUs();
    const inclusion = inclusionProof(subtrees, index, size);
    const consistency = consistencyProof(subtrees, index, size);
    us += processorUs() - begun;
    hashes = Math.max(hashes, inclusion.length, consistency.length);
    const old = { size: index, root: treeRoot(subtrees, index) };
    if (!isConsistent(old, { size, root }, consistency)) throw new InvariantBroken('a proof does not hold');
  }
  return { us: us / proved, hashes };
}
