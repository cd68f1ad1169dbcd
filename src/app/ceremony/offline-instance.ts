import { execFileSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { softHsmModule, writeSoftHsmConfiguration } from '../../../hsm/softhsm.ts';
import type { IssuingState } from '../../rules/profile/issuing-state.ts';
import { Refused, Unavailable } from '../../services/errors.ts';
import { instancePaths } from '../instance/load-instance.ts';

export interface RehearsalOptions {
  readonly home: string;
  /** Folder of the policies to copy. */
  readonly policies: string;
  /** Path of the program, to be run for the token's initialisation. */
  readonly main: string;
  readonly state: IssuingState;
  readonly environment: 'development' | 'production';
  readonly tokenLabel: string;
  /** The pinned partner as sigillo.yaml writes it. */
  readonly partner?: { readonly instanceId: string; readonly publicKey: string } | undefined;
}

/**
 * Lays out the folder of an offline CSCA on a SoftHSM token, to rehearse a ceremony or to replay one. A state's
 * own machine gets its folder by hand, with the token of its vendor (docs/ceremony.md).
 *
 * @throws Refused where an instance is already; Unavailable without SoftHSM 2
 */
export function layOutRehearsal(options: RehearsalOptions): void {
  const { home } = options;
  const paths = instancePaths(home);
  if (existsSync(paths.configuration)) {
    throw new Refused('duplicate', `${paths.configuration} is there already`, {
      rule: 'K-OUTPUT',
      mend: 'name a folder without an instance',
    });
  }
  const module = softHsmModule();
  if (module === undefined) {
    throw new Unavailable('token', 'SoftHSM 2 is not installed', {
      outcome: 'not-applied',
      mend: 'apt-get install softhsm2',
    });
  }
  mkdirSync(join(home, 'secrets'), { recursive: true, mode: 0o700 });
  writeSoftHsmConfiguration(join(home, 'token'));
  const secret = (name: string, value: string) =>
    writeFileSync(join(home, 'secrets', name), `${value}\n`, { mode: 0o600 });
  secret('pin', String(randomInt(10_000_000, 100_000_000)));
  secret('so-pin', randomBytes(12).toString('hex'));
  cpSync(options.policies, join(home, 'policies'), { recursive: true });
  const draft = `${paths.configuration}.draft`;
  writeFileSync(draft, rehearsalConfiguration(options, module));
  execFileSync(process.execPath, [options.main, 'signer', '--initialise-token', draft], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  renameSync(draft, paths.configuration);
}

/** `sigillo.yaml` and policies anew, for the next of several ceremonies that are replayed on one token. */
export function changeRehearsal(options: RehearsalOptions): void {
  const module = softHsmModule() ?? '';
  rmSync(join(options.home, 'policies'), { recursive: true });
  cpSync(options.policies, join(options.home, 'policies'), { recursive: true });
  writeFileSync(instancePaths(options.home).configuration, rehearsalConfiguration(options, module));
}

function rehearsalConfiguration(options: RehearsalOptions, module: string): string {
  const { state, environment, tokenLabel, partner } = options;
  return stringify({
    machine: 'offline-csca',
    environment,
    state,
    policies: 'policies',
    token: {
      module,
      tokenLabel,
      pinFile: 'secrets/pin',
      environment: { SOFTHSM2_CONF: './token/softhsm2.conf' },
      processes: 1,
    },
    ...(partner === undefined ? {} : { exchange: { partner } }),
    limits: { deadlineMs: 30_000 },
  });
}
