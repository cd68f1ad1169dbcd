import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Unavailable } from '../../services/errors.ts';

/**
 * Writes a file so that it is there whole or not at all, whatever crash or full disk comes in between.
 *
 * @throws Unavailable
 */
export function writeWholeFile(path: string, content: string | Uint8Array, mode = 0o644): void {
  const draft = `${path}.new`;
  orUnavailable(path, () => {
    try {
      rmSync(draft, { force: true });
      writeFileSync(draft, content, { mode, flush: true });
      renameSync(draft, path);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  });
}

/** Whether a file is there with exactly this content. */
export function holdsAlready(path: string, content: Uint8Array): boolean {
  try {
    return Buffer.compare(readFileSync(path), content) === 0;
  } catch {
    return false;
  }
}

const mends: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free space, then do the same again',
  EDQUOT: 'the quota is used up: free space, then do the same again',
  EROFS: 'the file system is read-only: mount it for writing',
  EACCES: 'correct the permissions of file and folder',
  EPERM: 'correct the permissions of file and folder',
};

/** What the file system refuses is no bug of ours. @throws Unavailable */
export function orUnavailable<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause) || !('syscall' in cause)) throw cause;
    const code = String(cause.code);
    throw new Unavailable('disk', `${path} cannot be written (${code})`, {
      outcome: 'not-applied',
      mend: mends[code] ?? 'look at the system log',
      cause,
    });
  }
}
