import { type ChildProcess, spawn } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { mainModule } from '../instance/open-instance.ts';
import type { Instance } from '../instance/load-instance.ts';
import type { Chance } from './chance.ts';

/** A command of an operator, beside the running service. */
export class Operator {
  readonly #instance: Instance;
  #running: ChildProcess | undefined;

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  /**
   * Makes the next Document Signer of a profile; where there is more than one, revokes the oldest, so that a CRL
   * follows.
   *
   * @param killAfterMs when the command is killed; never where undefined
   * @returns what the command said when it failed by itself
   */
  async renewDocumentSigner(chance: Chance, killAfterMs: number | undefined): Promise<string | undefined> {
    const { paths, configuration } = this.#instance;
    const { profile } = chance.oneOf(configuration.keys.documentSigners);
    const [oldest, ...others] = documentSignersInUse(paths.records, profile);
    const args =
      others.length > 0 && oldest !== undefined
        ? ['revoke', oldest, '--reason', 'superseded']
        : ['rotate', profile];
    return this.#run([...args, '--home', paths.home], killAfterMs);
  }

  killNow(): void {
    this.#running?.kill('SIGKILL');
  }

  async #run(args: readonly string[], killAfterMs: number | undefined): Promise<string | undefined> {
    const child = spawn(process.execPath, [mainModule, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#running = child;
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    if (killAfterMs !== undefined) {
      await Promise.race([ended, sleep(killAfterMs)]);
      child.kill('SIGKILL');
    }
    await ended;
    this.#running = undefined;
    return child.exitCode === 0 || child.signalCode !== null ? undefined : `sigillo ${args[0]}: ${stderr}`;
  }
}

/** SHA-256 of the certificates of a profile that are not revoked, oldest first. */
function documentSignersInUse(records: string, profile: string): readonly string[] {
  const database = new DatabaseSync(records, { readOnly: true, timeout: 5_000 });
  try {
    return database
      .prepare(
        `SELECT sha256 FROM certificates
          WHERE profile = ? AND serial_number NOT IN (SELECT serial_number FROM revocations) ORDER BY rowid`,
      )
      .all(profile)
      .map((row) => String(row['sha256']));
  } finally {
    database.close();
  }
}
