import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Unavailable } from '../src/services/errors.ts';

/**
 * The user PIN, from a file that only its owner can read. A token locks after a few wrong PINs, so a PIN
 * that was refused once is never tried again, not by a restarted process either: a mark beside the file
 * remembers which state of the file was refused, and only a changed file is tried.
 */
export class PinFile {
  readonly path: string;
  readonly #refusedMark: string;

  constructor(path: string) {
    this.path = path;
    this.#refusedMark = `${path}.refused`;
  }

  /**
   * @returns the PIN without the line break at its end
   * @throws Unavailable when the file is absent, open to others, empty, or holds a PIN refused before
   */
  read(): string {
    const stat = statSync(this.path, { throwIfNoEntry: false });
    if (stat === undefined) throw this.#unusable('is not there', 'create it with mode 0600');
    if ((stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
      throw this.#unusable(`has mode ${mode}`, `chmod 0600 ${this.path}`);
    }
    const pin = readFileSync(this.path, 'utf8').replace(/\r?\n$/, '');
    if (pin.length === 0) throw this.#unusable('is empty', 'write the user PIN into it');
    if (existsSync(this.#refusedMark) && readFileSync(this.#refusedMark, 'utf8') === this.#state(pin)) {
      throw this.#unusable(
        'holds a PIN that the token has refused; it is not tried a second time',
        'correct the PIN in the file',
      );
    }
    return pin;
  }

  /**
   * Makes sure, before the PIN is tried, that its refusal could be remembered: with a full disk or a read-only
   * folder every new process would try the same wrong PIN, until the token locks.
   *
   * @throws Unavailable when the mark cannot be written
   */
  prepareMark(): void {
    try {
      writeFileSync(this.#refusedMark, noRefusal, { mode: 0o600 });
    } catch (cause) {
      throw this.#unusable(
        `cannot be used: a refusal of its PIN could not be remembered beside it (${errorCode(cause)})`,
        'free space on its disk, or move it to a folder that the signer can write to',
        cause,
      );
    }
  }

  /** Remembers that the token refused this PIN. */
  markRefused(pin: string): void {
    writeFileSync(this.#refusedMark, this.#state(pin), { mode: 0o600 });
  }

  /** The token took the PIN. */
  clearMark(): void {
    rmSync(this.#refusedMark, { force: true });
  }

  /** Salted by inode and time of change, so that the mark says nothing about the PIN to anyone else. */
  #state(pin: string): string {
    const { ino, mtimeMs } = statSync(this.path);
    return createHash('sha256').update(`${ino} ${mtimeMs} ${pin}`).digest('hex');
  }

  #unusable(reason: string, mend: string, cause?: unknown): Unavailable {
    const options = { outcome: 'not-applied', mend, cause } as const;
    return new Unavailable('token', `PIN file ${this.path} ${reason}`, options);
  }
}

/** As long as a mark, so that there is room for one; names no PIN. */
const noRefusal = '-'.repeat(64);

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
