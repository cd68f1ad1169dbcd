import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { readTraceFile, type TracedCall } from './trace-file.ts';

/**
 * `trace/` of an instance. `signer-PID-START.trace` belongs to a process, living or dead; `fault-PID-START-N.trace`
 * is a copy that it made when a call failed, before new calls overwrite what led there.
 */
const suffix = '.trace';

/** Of each kind of file this many of the newest, and of the oldest, in which an incident began, are kept. */
const kept = { newest: 40, oldest: 8 } as const;
const keptDays = 7;

export function signerTracePath(folder: string, pid: number, start: number): string {
  return join(folder, `signer-${pid}-${Math.floor(start)}${suffix}`);
}

export function faultTracePath(folder: string, pid: number, start: number, number: number): string {
  return join(folder, `fault-${pid}-${Math.floor(start)}-${number}${suffix}`);
}

/** Makes the folder, and removes what is too much; the rings of running processes always stay. */
export function prepareTraceFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const kind of ['signer', 'fault']) prune(folder, kind);
}

function prune(folder: string, kind: string): void {
  const now = performance.timeOrigin + performance.now();
  const files = readdirSync(folder)
    .filter((name) => name.startsWith(`${kind}-`) && name.endsWith(suffix))
    .filter((name) => kind === 'fault' || !isAlive(pidOf(name)))
    .flatMap((name) => {
      const stat = statSync(join(folder, name), { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ name, mtimeMs: stat.mtimeMs }];
    })
    .toSorted((a, b) => a.mtimeMs - b.mtimeMs);
  const isOld = ({ mtimeMs }: { readonly mtimeMs: number }) => now - mtimeMs > keptDays * 86_400_000;
  const old = files.filter(isOld);
  const recent = files.filter((file) => !isOld(file));
  const excess = recent.slice(kept.oldest, Math.max(kept.oldest, recent.length - kept.newest));
  for (const { name } of [...old, ...excess]) rmSync(join(folder, name), { force: true });
}

function pidOf(name: string): number {
  return Number(name.split('-')[1]);
}

/** Whether a process with this number runs, of whomever it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Every call that the folder still knows, in the order in which they began; none where there is no folder. */
export function readTraceFolder(folder: string): readonly TracedCall[] {
  const calls = new Map<string, TracedCall>();
  for (const name of traceFiles(folder)) {
    for (const call of readTraceFile(readFileSync(join(folder, name)))) {
      const key = `${call.pid} ${call.number} ${call.start}`;
      // A copy made while the call was under way says less than the ring.
      if (calls.get(key)?.duration === undefined) calls.set(key, call);
    }
  }
  return [...calls.values()].toSorted((a, b) => a.start - b.start || a.number - b.number);
}

function traceFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(suffix));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
