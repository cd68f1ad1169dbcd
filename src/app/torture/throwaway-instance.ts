import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { Refused } from '../../services/errors.ts';
import { layOutDevelopment, type TokenAtHand } from '../instance/development.ts';
import { type Instance, loadInstance } from '../instance/load-instance.ts';
import { mainModule, openInstance } from '../instance/open-instance.ts';
import { Chance } from './chance.ts';
import { FaultyModule } from './faulty-module.ts';
import { freePortBase } from '../instance/free-ports.ts';

/** Hung signers are replaced after so long; a run would wait for little else with the usual time. */
const deadlineMs = 3_000;

export interface ThrowawayOptions {
  /** Where the instance's folder is made. */
  readonly folder: string;
  readonly seed: number;
  /** Folder of the policies to copy. */
  readonly policies: string;
  /** A SoftHSM token of the instance's own where undefined. */
  readonly token: TokenAtHand | undefined;
  /** By profile, and `log`; the usual ones for the others. */
  readonly keyAlgorithms: Readonly<Record<string, string>>;
  /** Source of the module that fails as it is told to; without it the token is used as it is. */
  readonly faultyModule: string | undefined;
}

export interface Throwaway {
  readonly instance: Instance;
  readonly module: FaultyModule | undefined;
}

/** An instance of its own, with keys of its own on the token. @throws Unavailable, MalformedInput */
export async function makeThrowaway(options: ThrowawayOptions): Promise<Throwaway> {
  mkdirSync(options.folder, { recursive: true });
  const home = mkdtempSync(join(options.folder, 'sigillo-torture-'));
  const { keyAlgorithms, policies, token } = options;
  const chance = new Chance(options.seed, 'ports');
  layOutDevelopment({
    home,
    portBase: await freePortBase((bound) => chance.below(bound)),
    policies,
    main: mainModule,
    token,
    deadlineMs,
    keyAlgorithms,
  });
  const module = putInBetween(home, options.faultyModule);
  return { instance: loadInstance(home), module };
}

function putInBetween(home: string, source: string | undefined): FaultyModule | undefined {
  if (source === undefined) return undefined;
  const path = join(home, 'sigillo.yaml');
  const written = parse(readFileSync(path, 'utf8')) as { token: { module: string } };
  const module = new FaultyModule(join(home, 'faulty-module'), source, written.token.module);
  writeFileSync(path, stringify({ ...written, token: { ...written.token, module: module.path } }));
  return module;
}

/**
 * Destroys the keys that an instance has on its token, and removes its folder.
 *
 * @throws Refused when the instance is not one of these
 */
export async function discardThrowaway(home: string): Promise<void> {
  const instance = loadInstance(home);
  if (
    !/\/sigillo-torture-[A-Za-z0-9]{6}$/.test(home) ||
    instance.configuration.environment !== 'development'
  ) {
    throw new Refused('policy', `${home} was not made by sigillo torture`, {
      field: 'discard',
      mend: 'name a folder sigillo-torture-… that a run has left',
    });
  }
  const open = openInstance(instance, { processes: 1, onEvent: () => undefined });
  try {
    const halfMade = (await open.records.issuance.openIntents()).flatMap((intent) =>
      intent.kind === 'key' ? [intent.order] : [],
    );
    for (const { keyId, role } of [...(await open.records.issuance.keys()), ...halfMade]) {
      await open.signer.destroyKey({ keyId, role });
    }
  } finally {
    open.close();
  }
  rmSync(home, { recursive: true, force: true });
}
