import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { softHsmModule, writeSoftHsmConfiguration } from '../../../hsm/softhsm.ts';
import { logKeyAlgorithmNames } from '../../rules/log/log-key.ts';
import { Unavailable } from '../../services/errors.ts';
import type { WrittenConfiguration } from './configuration.ts';
import { instancePaths } from './load-instance.ts';
import { orUnavailable, writeWholeFile } from './whole-file.ts';

export interface DevelopmentOptions {
  readonly home: string;
  readonly portBase: number;
  /** Folder of the policies to copy. */
  readonly policies: string;
  /** Path of the program, to be run for the token's initialisation. */
  readonly main: string;
  /** Key algorithms other than the usual ones, by profile, and of the `log`. */
  readonly keyAlgorithms?: Readonly<Record<string, string>> | undefined;
  /** Profiles of the Document Signers; the two usual ones where absent. */
  readonly documentSigners?: readonly string[] | undefined;
  readonly processes?: number | undefined;
  /** A token that is there already, initialised; a SoftHSM token of the instance's own is made where absent. */
  readonly token?: TokenAtHand | undefined;
  /** How long the service waits for a token. */
  readonly deadlineMs?: number | undefined;
}

/** Where a token is, with a PIN file that only this user can read. */
export type TokenAtHand = Pick<
  WrittenConfiguration['token'],
  'module' | 'tokenLabel' | 'pinFile' | 'environment'
>;

const usualAlgorithms: Readonly<Record<string, string>> = {
  csca: 'ecdsa-brainpoolP384r1-sha384',
  'access-ca': 'ecdsa-P-256-sha256',
  'dsc-passport': 'ecdsa-brainpoolP256r1-sha256',
  'dsc-residence-permit': 'ecdsa-P-256-sha256',
  'master-list-signer': 'ecdsa-brainpoolP256r1-sha256',
};

/**
 * Lays out the folder of a development instance: SoftHSM token, PINs, policies and `sigillo.yaml`, which is
 * written last and so tells that everything else is there. What exists is left as it is.
 *
 * @throws Unavailable when SoftHSM 2 is not installed, or disk or token cannot be written
 */
export function layOutDevelopment(options: DevelopmentOptions): void {
  if (!existsSync(instancePaths(options.home).configuration)) {
    orUnavailable(options.home, () => layOut(options));
  }
}

function layOut(options: DevelopmentOptions): void {
  const { home } = options;
  const paths = instancePaths(home);
  const token = options.token ?? softHsmToken(home);
  cpSync(options.policies, join(home, 'policies'), { recursive: true });
  const configuration = developmentConfiguration(options, token);
  const draft = `${paths.configuration}.draft`;
  writeWholeFile(
    draft,
    `# Development instance: SoftHSM token, state of Utopia. Never for a real state.\n${stringify(configuration)}`,
  );
  if (options.token === undefined) initialiseToken(options.main, draft);
  renameSync(draft, paths.configuration);
}

/** With its configuration and PINs; not initialised yet. */
function softHsmToken(home: string): TokenAtHand {
  const module = softHsmModule();
  if (module === undefined) {
    throw new Unavailable('token', 'SoftHSM 2 is not installed', {
      outcome: 'not-applied',
      mend: 'apt-get install softhsm2',
    });
  }
  mkdirSync(join(home, 'secrets'), { recursive: true, mode: 0o700 });
  writeSoftHsmConfiguration(join(home, 'token'));
  writeSecret(join(home, 'secrets', 'pin'), () => String(randomInt(10_000_000, 100_000_000)));
  writeSecret(join(home, 'secrets', 'so-pin'), () => randomBytes(12).toString('hex'));
  return {
    module,
    tokenLabel: 'sigillo-development',
    pinFile: 'secrets/pin',
    environment: { SOFTHSM2_CONF: './token/softhsm2.conf' },
  };
}

/** In a process of its own, because this one never loads a PKCS#11 module. */
function initialiseToken(main: string, configuration: string): void {
  const { status, stderr } = spawnSync(
    process.execPath,
    [main, 'signer', '--initialise-token', configuration],
    { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' },
  );
  if (status === 0) return;
  throw new Unavailable('token', `the development token cannot be initialised: ${stderr.split('\n')[0]}`, {
    outcome: 'not-applied',
    mend: 'a full disk or wrong file permissions are usual causes; mend them, then do the same again',
  });
}

function writeSecret(path: string, make: () => string): void {
  if (!existsSync(path)) writeWholeFile(path, `${make()}\n`, 0o600);
}

function developmentConfiguration(options: DevelopmentOptions, token: TokenAtHand): WrittenConfiguration {
  const algorithm = (profile: string) =>
    options.keyAlgorithms?.[profile] ?? usualAlgorithms[profile] ?? 'ecdsa-P-256-sha256';
  const planned = (profile: string) => ({ profile, keyAlgorithm: algorithm(profile) });
  const { portBase } = options;
  return {
    environment: 'development',
    state: {
      country: 'UT',
      mrzCode: 'UTO',
      organization: 'Utopia DEVELOPMENT ONLY',
      contact: `http://localhost:${portBase + 3}/`,
      distribution: `http://localhost:${portBase + 3}`,
    },
    policies: 'policies',
    token: { ...token, processes: options.processes ?? 2 },
    keys: {
      csca: planned('csca'),
      documentSigners: (options.documentSigners ?? ['dsc-passport', 'dsc-residence-permit']).map(planned),
      masterListSigner: planned('master-list-signer'),
      otherSigners: [],
      accessCa: planned('access-ca'),
    },
    http: { address: '0.0.0.0', hosts: ['localhost', '127.0.0.1'], portBase },
    log: {
      origin: `localhost:${portBase + 3}/log`,
      keyAlgorithm: logKeyAlgorithmNames.find((name) => name === options.keyAlgorithms?.['log']) ?? 'ed25519',
      witnesses: [],
      cosignatures: 0,
      witnessDeadlineMs: 5_000,
    },
    limits: { deadlineMs: options.deadlineMs ?? 10_000, maxInFlight: 512, maxBodyOctets: 1_048_576 },
  };
}
