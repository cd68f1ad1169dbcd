import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { makeTestInstance, type TestInstance } from '../support/instance.ts';
import { newRequestId, Served, sodRequest } from '../support/served.ts';
import { modulesUnderTest } from './modules.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let instance: TestInstance | undefined;
let service: Served | undefined;
afterEach(async () => {
  await service?.kill();
  instance?.remove();
});

interface Configuration {
  token: Record<string, unknown>;
  keys: Record<string, object>;
  log: Record<string, unknown>;
}

it('an instance lives on NSS softokn, told by sigillo.yaml where its database is', async () => {
  const algorithms = ['ecdsa-P-256-sha256', 'rsassa-pss-3072-sha256'];
  instance = await makeTestInstance({ algorithms, processes: 2 });
  const { home, documentTypes } = instance;
  mkdirSync(join(home, 'nss'));
  const pinFile = join(home, 'secrets', 'pin');
  execFileSync('certutil', ['-N', '-d', `sql:${join(home, 'nss')}`, '-f', pinFile]);
  const path = join(home, 'sigillo.yaml');
  const configuration = parse(readFileSync(path, 'utf8')) as Configuration;
  const module = modulesUnderTest.find(({ name }) => name === 'NSS softokn')?.path;
  const libraryParameters = "configdir='sql:{home}/nss' dbTokenDescription='state'";
  configuration.token = { ...configuration.token, module, tokenLabel: 'state', libraryParameters };
  const keyAlgorithms = {
    csca: 'ecdsa-P-384-sha384',
    masterListSigner: 'ecdsa-P-256-sha256',
    accessCa: 'ecdsa-P-256-sha256',
  };
  for (const [name, keyAlgorithm] of Object.entries(keyAlgorithms)) {
    configuration.keys[name] = { ...configuration.keys[name], keyAlgorithm };
  }
  configuration.log['keyAlgorithm'] = 'ecdsa-P-256-sha256';
  writeFileSync(path, stringify(configuration));

  service = new Served(instance);
  await service.untilReady();
  const station = service.station();
  for (const documentType of documentTypes.values()) {
    const answer = await station.post('/v1/sods', sodRequest(newRequestId(), documentType));
    expect(answer.status).toBe(201);
  }
  station.close();
});
