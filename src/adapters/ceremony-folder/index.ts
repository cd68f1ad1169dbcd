import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { MalformedInput } from '../../formats/malformed-input.ts';
import type { CeremonyFolder } from '../../services/ceremony/ceremony-folder.ts';
import { Refused } from '../../services/errors.ts';

/**
 * CeremonyFolder on a file system; every write is synced with its folder before it counts. The folder is made by the
 * first one: a ceremony that is refused leaves nothing.
 */
export class FileCeremonyFolder implements CeremonyFolder {
  readonly #directory: string;
  readonly #source: string;

  /** @param source folder of the ceremony file, where bundles are looked for */
  constructor(directory: string, source: string) {
    this.#directory = directory;
    this.#source = source;
  }

  transcript(): Uint8Array {
    return this.output('transcript.jsonl') ?? new Uint8Array();
  }

  keepTranscript(octets: number): void {
    const file = openSync(this.#path('transcript.jsonl'), 'r+');
    try {
      ftruncateSync(file, octets);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  append(line: Uint8Array): void {
    this.#make();
    const file = openSync(this.#path('transcript.jsonl'), 'a', 0o600);
    try {
      writeWhole(file, Buffer.concat([line, Buffer.of(0x0a)]));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    syncFolder(this.#directory);
  }

  output(name: string): Uint8Array | undefined {
    const path = this.#path(name);
    return existsSync(path) ? Uint8Array.from(readFileSync(path)) : undefined;
  }

  writeOutput(name: string, octets: Uint8Array): void {
    this.#make();
    const draft = this.#path(`${name}.draft`);
    rmSync(draft, { force: true });
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeWhole(file, octets);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    try {
      // Unlike a rename, a link fails where the name is taken.
      linkSync(draft, this.#path(name));
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
      throw new Refused('duplicate', `${name} is there already`, {
        rule: 'K-OUTPUT',
        field: name,
        mend: 'a ceremony never overwrites a file: move it away, or write the ceremony with another name',
      });
    } finally {
      rmSync(draft, { force: true });
    }
    syncFolder(this.#directory);
  }

  bundle(path: string): Uint8Array {
    try {
      return Uint8Array.from(readFileSync(resolve(this.#source, path)));
    } catch (cause) {
      throw new MalformedInput(path, 'cannot be read', { cause });
    }
  }

  #make(): void {
    if (existsSync(this.#directory)) return;
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    syncFolder(dirname(this.#directory));
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

function writeWhole(file: number, octets: Uint8Array): void {
  let written = 0;
  while (written < octets.length) written += writeSync(file, octets, written);
}

/** The name of a new file is durable only once its folder is. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
