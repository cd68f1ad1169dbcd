import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own that can be filled and made read-only. */
export class SmallDisk {
  readonly folder: string;
  readonly #ballast: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.#ballast = join(folder, 'ballast');
  }

  /** @returns undefined where this user may not mount; in CI that is an error */
  static mount(kibibytes: number): SmallDisk | undefined {
    const folder = mkdtempSync(join(tmpdir(), 'sigillo-disk-'));
    try {
      run('mount', '-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', folder);
      return new SmallDisk(folder);
    } catch (error) {
      rmSync(folder, { recursive: true });
      if (process.env['CI'] === 'true') throw error;
      return undefined;
    }
  }

  /** Leaves not an octet free. */
  fill(): void {
    const file = openSync(this.#ballast, 'a');
    try {
      for (const size of [65_536, 4_096, 1]) writeUntilFull(file, Buffer.alloc(size));
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  setReadOnly(isReadOnly: boolean): void {
    run('mount', '-o', isReadOnly ? 'remount,ro' : 'remount,rw', this.folder);
  }

  unmount(): void {
    // Lazily: a process that was just killed may still hold a file.
    run('umount', '--lazy', this.folder);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function writeUntilFull(file: number, chunk: Buffer): void {
  try {
    for (;;) if (writeSync(file, chunk) < chunk.length) return;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}
