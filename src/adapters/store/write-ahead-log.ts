import { closeSync, fdatasync, openSync } from 'node:fs';
import { Unavailable } from '../../services/errors.ts';

/**
 * The write-ahead log of a database, as a file that can be synced without holding up the thread that writes it.
 * SQLite takes no lock on this file, so that opening and closing it beside SQLite is safe.
 */
export class WriteAheadLog {
  readonly #path: string;
  readonly #descriptor: number;
  #underWay = 0;
  #isEnded = false;

  /** @param path of the database, which is open in WAL mode and was read once */
  constructor(path: string) {
    this.#path = `${path}-wal`;
    this.#descriptor = openSync(this.#path, 'r');
  }

  /**
   * Waits until everything that was written before is on disk.
   *
   * @throws Unavailable with outcome `unknown`
   */
  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#underWay += 1;
      fdatasync(this.#descriptor, (cause) => {
        this.#underWay -= 1;
        this.#closeWhenIdle();
        if (cause === null) resolve();
        else reject(this.#lost(cause));
      });
    });
  }

  /** Once the sync under way has ended. */
  close(): void {
    this.#isEnded = true;
    this.#closeWhenIdle();
  }

  #closeWhenIdle(): void {
    if (this.#isEnded && this.#underWay === 0) closeSync(this.#descriptor);
  }

  #lost(cause: NodeJS.ErrnoException): Unavailable {
    return new Unavailable('records', `${this.#path} could not be synced (${cause.code})`, {
      outcome: 'unknown',
      mend: 'the disk reports errors: look at the system log, then start the service again',
      cause,
    });
  }
}
