import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { changeConfiguration } from '../support/configuration.ts';
import { makeTestInstance, type TestInstance } from '../support/instance.ts';
import { newOrder, Served } from '../support/served.ts';
import { modulesUnderTest } from './modules.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let instance: TestInstance | undefined;
let service: Served | undefined;
afterEach(async () => {
  await service?.kill();
  instance?.remove();
});

it('an instance lives on NSS softokn, told by sigillo.yaml where its database is', async () => {
  const algorithms = ['ecdsa-P-256-sha256', 'rsassa-pss-3072-sha256'];
  instance = await makeTestInstance({ algorithms, processes: 2 });
  const { home, documentTypes } = instance;
  mkdirSync(join(home, 'nss'));
  const pinFile = join(home, 'secrets', 'pin');
  execFileSync('certutil', ['-N', '-d', `sql:${join(home, 'nss')}`, '-f', pinFile]);
  const module = modulesUnderTest.find(({ name }) => name === 'NSS softokn')?.path;
  const libraryParameters = "configdir='sql:{home}/nss' dbTokenDescription='state'";
  const keyAlgorithms = {
    csca: 'ecdsa-P-384-sha384',
    masterListSigner: 'ecdsa-P-256-sha256',
    accessCa: 'ecdsa-P-256-sha256',
  };
  changeConfiguration(home, (written) => {
    written.token = { ...written.token, module, tokenLabel: 'state', libraryParameters };
    for (const [name, keyAlgorithm] of Object.entries(keyAlgorithms)) {
      written.keys[name] = { ...(written.keys[name] as object), keyAlgorithm };
    }
    written.log['keyAlgorithm'] = 'ecdsa-P-256-sha256';
  });

  service = new Served(instance);
  await service.untilReady();
  const station = service.station();
  for (const documentType of documentTypes.values()) {
    const answer = await station.post('/v1/sods', newOrder(documentType));
    expect(answer.status).toBe(201);
  }
  station.close();
});
