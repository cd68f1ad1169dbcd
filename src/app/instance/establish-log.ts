import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Records } from '../../adapters/store/index.ts';
import { Unavailable } from '../../services/errors.ts';
import { CheckpointPublisher } from '../../services/log/publish-checkpoint.ts';
import { verifierKeyFile } from '../../services/log/published-log.ts';
import { logSettings } from './configuration.ts';
import type { Instance } from './load-instance.ts';
import type { OpenInstance } from './open-instance.ts';
import { holdsAlready, orUnavailable, writeWholeFile } from './whole-file.ts';

/**
 * Makes the log key and the first checkpoint where there are none. Without a token that is left to the service: an
 * instance that was made before it had a log is served without one.
 */
export async function establishLog(
  instance: Instance,
  { records, issuance }: OpenInstance,
  progress: (making: string) => void,
): Promise<CheckpointPublisher> {
  const settings = logSettings(instance.configuration);
  const publisher = new CheckpointPublisher({ ...issuance, log: records.log, settings });
  if (records.log.latestCheckpoint() === undefined) {
    try {
      await publisher.publish(progress);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      progress(`no checkpoint of the log yet: ${error.message}`);
    }
  }
  writeLogTrust(instance, records);
  return publisher;
}

/** The log's vkeys as a file beside the trust material, for auditors. */
export function writeLogTrust({ paths }: Instance, { log }: Records): void {
  const vkeys = log.verifierKeys();
  if (vkeys.length === 0) return;
  const path = join(paths.trust, 'log.vkey');
  const octets = verifierKeyFile(vkeys);
  if (holdsAlready(path, octets)) return;
  orUnavailable(paths.trust, () => mkdirSync(paths.trust, { recursive: true }));
  writeWholeFile(path, octets);
}
