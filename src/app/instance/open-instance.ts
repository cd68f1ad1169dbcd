import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { systemClock, systemRandom } from '../../adapters/clock/index.ts';
import { SignerPool, type SignerPoolEvent } from '../../adapters/signer-pool/index.ts';
import { openRecords, type Records } from '../../adapters/store/index.ts';
import { Unavailable } from '../../services/errors.ts';
import type { IssuanceDeps } from '../../services/issuance/issuance-deps.ts';
import type { Clock } from '../../services/ports.ts';
import type { AnyInstance } from './load-instance.ts';

/** The program that signer processes are started from. */
export const mainModule = fileURLToPath(new URL('../main.ts', import.meta.url));

export interface OpenInstance {
  readonly records: Records;
  readonly signer: SignerPool;
  readonly issuance: IssuanceDeps;
  close(): void;
}

/** Opens records and starts signer processes: the only place where adapters are put together. */
export function openInstance(
  instance: AnyInstance,
  options: {
    readonly processes: number;
    readonly onEvent: (event: SignerPoolEvent) => void;
    /** The machine's unless told otherwise: a replayed ceremony has the time of the one that it repeats. */
    readonly clock?: Clock;
  },
): OpenInstance {
  const { configuration, paths, policies } = instance;
  const clock = options.clock ?? systemClock;
  const records = openRecords(paths.records, clock);
  const signer = new SignerPool({
    spawn: () =>
      fork(mainModule, ['signer', '--home', paths.home], {
        serialization: 'advanced',
        env: { PATH: process.env['PATH'], ...configuration.token.environment },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      }),
    processes: options.processes,
    startTimeoutMs: 30_000,
    signTimeoutMs: configuration.limits.deadlineMs,
    keyTimeoutMs: 120_000,
    onEvent: options.onEvent,
  });
  const issuance: IssuanceDeps = {
    signer,
    records: records.issuance,
    clock,
    random: systemRandom,
    policies,
    state: configuration.state,
  };
  const close = () => {
    signer.close();
    records.close();
  };
  return { records, signer, issuance, close };
}

/**
 * Makes sure that one process at a time serves an instance. The lock goes with the process, however it ends.
 *
 * @returns a function that gives the lock back
 * @throws Unavailable when another process has it
 */
export function lockInstance(home: string): () => void {
  const database = new DatabaseSync(join(home, 'serving.lock'), { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    throw new Unavailable('instance', `${home} is being served by another process`, {
      outcome: 'not-applied',
      mend: 'end that process first, or use another --home',
      cause,
    });
  }
  return () => database.close();
}
