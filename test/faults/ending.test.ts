import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { makeTestInstance } from '../support/instance.ts';
import { Served } from '../support/served.ts';

// A whole service is started; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 300_000 });

it('ends on SIGTERM within its deadline, whoever connected and said nothing', async () => {
  const instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
  const path = join(instance.home, 'sigillo.yaml');
  const configuration = readFileSync(path, 'utf8');
  writeFileSync(path, configuration.replace(/deadlineMs: 10000/, 'deadlineMs: 1000'));
  const service = new Served(instance);
  try {
    await service.untilReady();
    const sockets = [0, 3, 4].map((offset) =>
      connect({ port: instance.portBase + offset, host: '127.0.0.1' }),
    );
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      await once(socket, 'connect');
    }
    const closed = Promise.all(sockets.map((socket) => once(socket, 'close')));
    for (const socket of sockets) socket.resume();
    // Nothing else ends them: a handshake may take two minutes.
    expect(await service.stop()).toBe(0);
    await closed;
  } finally {
    await service.kill();
    instance.remove();
  }
});
