import { close, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { Unavailable } from '../../services/errors.ts';

const dataSync = promisify(fdatasync);

/**
 * The write-ahead log of a database, as a file that can be synced without holding up the thread that writes it.
 * SQLite takes no lock on this file, so that opening and closing it beside SQLite is safe.
 */
export class WriteAheadLog {
  readonly #path: string;
  readonly #descriptor: number;
  #pending = Promise.resolve();

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
    const done = dataSync(this.#descriptor);
    this.#pending = done.catch(() => undefined);
    return done.catch((cause: NodeJS.ErrnoException) => {
      throw new Unavailable('records', `${this.#path} could not be synced (${cause.code})`, {
        outcome: 'unknown',
        mend: 'the disk reports errors: look at the system log, then start the service again',
        cause,
      });
    });
  }

  /** Once the sync under way has ended. */
  close(): void {
    void this.#pending.then(() => close(this.#descriptor));
  }
}
