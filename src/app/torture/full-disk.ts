import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A file system with no more than this free was made for the torture, and is filled. */
const mostFilled = 256 * 2 ** 20;
/** Octets up to which files may be written while the disk is said to be full. */
const fileLimit = 4_096;

/**
 * A disk that has no space left. A small file system is filled; on any other one the service and its signers may write
 * no file beyond a few kilobytes (RLIMIT_FSIZE), which needs no rights and hurts nobody else.
 */
export class FullDisk {
  /** How it is done; undefined where it can't be. */
  readonly means: 'filled' | 'limited' | undefined;
  readonly #ballast: string;

  constructor(folder: string) {
    this.#ballast = join(folder, 'ballast');
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize <= mostFilled) this.means = 'filled';
    else this.means = canLimit() ? 'limited' : undefined;
  }

  fill(pid: number): void {
    if (this.means === 'filled') fillWith(this.#ballast);
    else limit(pid, String(fileLimit));
  }

  free(pid: number): void {
    if (this.means === 'filled') rmSync(this.#ballast, { force: true });
    else limit(pid, 'unlimited');
  }
}

/** The soft limit only, of the process and its children, so that it can be lifted again. */
function limit(pid: number, octets: string): void {
  for (const each of [pid, ...childrenOf(pid)]) {
    try {
      execFileSync('prlimit', ['--pid', String(each), `--fsize=${octets}:`], { stdio: 'ignore' });
    } catch {
      // It has ended meanwhile.
    }
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Limits can be lowered, and there is none that would stay. */
function canLimit(): boolean {
  try {
    const shown = execFileSync('prlimit', ['--fsize', '--noheadings', '--output=SOFT,HARD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return shown.trim().split(/\s+/).join() === 'unlimited,unlimited';
  } catch {
    return false;
  }
}

function fillWith(path: string): void {
  const file = openSync(path, 'a');
  try {
    for (const size of [65_536, 4_096, 1]) writeUntilFull(file, Buffer.alloc(size));
  } finally {
    closeSync(file);
  }
}

function writeUntilFull(file: number, chunk: Buffer): void {
  try {
    for (;;) if (writeSync(file, chunk) < chunk.length) return;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}
