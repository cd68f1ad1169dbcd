import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Artefact, buildCatalogue } from '../../services/distribution/catalogue.ts';
import { establish } from '../../services/issuance/establish.ts';
import type { IssuanceDeps } from '../../services/issuance/issuance-deps.ts';
import { type CredentialHolder, makeCredential } from './credentials.ts';
import type { Instance } from './load-instance.ts';
import { holdsAlready, orUnavailable, writeWholeFile } from './whole-file.ts';

const developmentHolders: readonly CredentialHolder[] = [
  { name: 'station', role: 'station' },
  { name: 'officer-1', role: 'officer' },
  { name: 'officer-2', role: 'officer' },
  { name: 'inspection', role: 'inspection' },
  { name: 'auditor', role: 'auditor' },
];

/**
 * Makes whatever the instance lacks of what its configuration plans, and writes the trust material for a
 * border. Run again it makes nothing twice.
 */
export async function establishInstance(
  instance: Instance,
  deps: IssuanceDeps,
  progress: (making: string) => void,
): Promise<void> {
  const { configuration, paths } = instance;
  await establish(deps, configuration.keys, progress);
  const server = { name: 'server', role: 'server', hosts: configuration.http.hosts } as const;
  const isDevelopment = configuration.environment === 'development';
  for (const holder of [server, ...(isDevelopment ? developmentHolders : [])]) {
    const isNew = await makeCredential(deps, paths.credentials, holder);
    if (isNew) progress(`credential ${holder.name}`);
  }
  await writeTrust(instance, deps);
}

const forBorders: readonly Artefact['kind'][] = ['csca', 'csca-link', 'crl', 'master-list'];

/** CSCA certificates, CRL and master list as files, for `verify --trust`. */
export async function writeTrust({ paths }: Instance, deps: IssuanceDeps): Promise<void> {
  for (const artefact of await buildCatalogue(deps)) {
    if (!forBorders.includes(artefact.kind)) continue;
    const path = join(paths.trust, artefact.path.slice(1).replaceAll('/', '-'));
    if (holdsAlready(path, artefact.octets)) continue;
    orUnavailable(paths.trust, () => mkdirSync(dirname(path), { recursive: true }));
    writeWholeFile(path, artefact.octets);
  }
}
