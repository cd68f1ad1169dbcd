import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { printable, type Screen } from './screen.ts';

/** A path given on the command line that is not there or may not be read. */
export class UnreadablePath extends Error {
  constructor(path: string, cause: unknown) {
    super(`cannot read ${path}: ${reasonOf(cause)}`, { cause });
    this.name = 'UnreadablePath';
  }
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT') return 'no such file or folder';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EISDIR') return 'it is a folder';
  return cause instanceof Error ? cause.message : String(cause);
}

/** @throws UnreadablePath */
export function readBytes(path: string): Uint8Array {
  try {
    return Uint8Array.from(readFileSync(path));
  } catch (cause) {
    throw new UnreadablePath(path, cause);
  }
}

/**
 * The files below a folder, in order of their names, or the file itself.
 *
 * @throws UnreadablePath
 */
export function filesBelow(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const entries = readdirSync(path, { withFileTypes: true, recursive: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted();
  } catch (cause) {
    throw new UnreadablePath(path, cause);
  }
}

/** @throws UnreadablePath */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    throw new UnreadablePath(path, cause);
  }
}

/** A path that cannot be read is a matter of usage, not of what stands in it. */
export async function orUnreadable(screen: Screen, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof UnreadablePath)) throw error;
    screen.stderr.write(`sigillo: ${printable(error.message)}\n`);
    screen.exit(2);
  }
}
