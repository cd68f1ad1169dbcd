import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('faulty-files/faulty-files.c', import.meta.url));

/** faulty-files.c compiled, in a folder of its own. It lies in front of the C library of a process that is started so. */
export class FaultyFiles {
  readonly folder = mkdtempSync(join(tmpdir(), 'sigillo-files-'));
  readonly #library = join(this.folder, 'faulty-files.so');
  readonly #mark = join(this.folder, 'read-only');

  constructor() {
    const flags = ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-shared', '-fPIC'];
    execFileSync('cc', [...flags, '-o', this.#library, source, '-ldl', '-lpthread']);
  }

  /** Environment of a process whose calls on files with `path` in their paths are meant. */
  environment(path: string): Record<string, string> {
    return { LD_PRELOAD: this.#library, FAULTY_FILES_PATH: path, FAULTY_FILES_READ_ONLY: this.#mark };
  }

  /** Takes or gives back to all such processes the right to write, through descriptors that are open too. */
  setReadOnly(isReadOnly: boolean): void {
    if (isReadOnly) writeFileSync(this.#mark, '');
    else rmSync(this.#mark);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
