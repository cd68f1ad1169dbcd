import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { systemClock, systemRandom } from '../../adapters/clock/index.ts';
import { SignerPool, type SignerPoolEvent } from '../../adapters/signer-pool/index.ts';
import { openRecords, type Records } from '../../adapters/store/index.ts';
import { Unavailable } from '../../services/errors.ts';
import type { IssuanceDeps } from '../../services/issuance/issuance-deps.ts';
import type { Clock } from '../../services/ports.ts';
import { type NamedToken, tokensOf } from './configuration.ts';
import type { AnyInstance } from './load-instance.ts';

/** The program that signer processes are started from. */
export const mainModule = fileURLToPath(new URL('../main.ts', import.meta.url));

export interface OpenInstance {
  readonly records: Records;
  readonly signer: SignerPool;
  /** With the clock of the records. */
  readonly issuance: IssuanceDeps;
  /** As the machine has it. */
  readonly machineClock: Clock;
  close(): void;
}

/** Opens records and starts signer processes: the only place where adapters are put together. */
export function openInstance(
  instance: AnyInstance,
  options: {
    /** Signer processes for each token; as configured where absent. */
    readonly processes?: number;
    readonly onEvent: (event: SignerPoolEvent) => void;
    /** The machine's unless told otherwise: a replayed ceremony has the time of the one that it repeats. */
    readonly clock?: Clock;
  },
): OpenInstance {
  const { configuration, paths, policies } = instance;
  const machineClock = options.clock ?? systemClock;
  const records = openRecords(paths.records, machineClock);
  const { deadlineMs } = configuration.limits;
  const tokens = tokensOf(configuration);
  const signer = new SignerPool({
    tokens: tokens.map((token) => ({
      name: token.name,
      preference: token.preference,
      spawn: () => startSigner(paths.home, token),
      processes: options.processes ?? token.processes,
      // One in a machine's own module signs while the next ones lie ready in the pipe.
      inFlight: token.sessions === 1 ? readyInPipe : token.sessions,
      startTimeoutMs: 30_000,
      keepAliveMs: token.keepAliveSeconds * 1_000,
      hangMs: token.hangMs ?? Math.max(shortestHangMs, Math.round(deadlineMs / 2)),
    })),
    signTimeoutMs: deadlineMs,
    keyTimeoutMs: 120_000,
    maxWaiting: 'maxInFlight' in configuration.limits ? configuration.limits.maxInFlight : 16,
    onEvent: options.onEvent,
  });
  const issuance: IssuanceDeps = {
    signer,
    records: records.issuance,
    clock: records.clock,
    random: systemRandom,
    policies,
    state: configuration.state,
  };
  const close = () => {
    signer.close();
    records.close();
  };
  return { records, signer, issuance, machineClock, close };
}

export const readyInPipe = 16;
/** A machine that is busy for a moment is not hung: to end signers then makes it busier. */
const shortestHangMs = 2_000;

/** @param token as configured, or with other settings for a measurement */
export function startSigner(home: string, token: NamedToken): ChildProcess {
  // Each signature under way needs a thread; the others are for files and names.
  const threads = token.sessions > 1 ? { UV_THREADPOOL_SIZE: String(token.sessions + 4) } : {};
  return fork(
    mainModule,
    ['signer', '--home', home, '--token', token.name, '--sessions', String(token.sessions)],
    {
      serialization: 'advanced',
      env: { PATH: process.env['PATH'], ...threads, ...token.environment },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
}

/**
 * Makes sure that one process at a time serves an instance. The lock goes with the process, however it ends.
 *
 * @returns a function that gives the lock back
 * @throws Unavailable when another process has it
 */
export function lockInstance(home: string): () => void {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(home, 'serving.lock'), { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database?.close();
    throw cannotLock(home, cause);
  }
  return () => database.close();
}

/** SQLITE_BUSY is another process; everything else is the file system's. */
function cannotLock(home: string, cause: unknown): Unavailable {
  const outcome = 'not-applied';
  if (cause instanceof Error && 'errcode' in cause && (Number(cause.errcode) & 0xff) === 5) {
    const mend = 'end that process first, or use another --home';
    return new Unavailable('instance', `${home} is being served by another process`, {
      outcome,
      mend,
      cause,
    });
  }
  const detail = cause instanceof Error ? cause.message : String(cause);
  const mend = 'see that the folder is there, can be written to, and has space';
  return new Unavailable('instance', `${home} cannot be locked: ${detail}`, { outcome, mend, cause });
}
