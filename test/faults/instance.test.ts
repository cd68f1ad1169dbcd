import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Chance } from '../../src/app/torture/chance.ts';
import { RecordsExaminer } from '../../src/app/torture/records-examiner.ts';
import { freePortBase } from '../../src/app/instance/free-ports.ts';
import { mainModule, makeTestInstance } from '../support/instance.ts';
import { rowsOf } from '../support/records-snapshot.ts';
import { newOrder, recordsPath, Served, sigillo } from '../support/served.ts';

// Whole services are started and killed; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigillo-instance-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Every row of what is made once. */
function rows(home: string) {
  const tables = ['keys', 'certificates', 'crls', 'master_lists', 'sods', 'log_leaves', 'serial_numbers'];
  return Object.fromEntries(
    tables.map((table) => [table, rowsOf(home, `SELECT * FROM ${table} ORDER BY 1`)]),
  );
}

describe('one process serves an instance', () => {
  it('a second one is refused with what mends it, and the first goes on', async () => {
    const instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
    const first = new Served(instance);
    try {
      await first.untilReady();
      for (const command of ['serve', 'init']) {
        const { code, stderr } = await sigillo(command, '--home', instance.home);
        expect(code).toBe(1);
        expect(stderr).toMatch(
          /^sigillo: instance: .* is being served by another process\n {2}mend: end that/,
        );
      }
      const station = first.station();
      expect((await station.post('/v1/sods', newOrder())).status).toBe(201);
      station.close();
      await first.kill();
      const second = new Served(instance);
      await second.untilReady();
      await second.stop();
    } finally {
      await first.kill();
      instance.remove();
    }
  });

  it('one whose port is taken refuses to start, gives the lock back, and leaves no signer', async () => {
    const instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
    const port = createServer();
    try {
      port.listen(instance.portBase + 3);
      await once(port, 'listening');
      const { code, stderr } = await sigillo('serve', '--home', instance.home);
      expect(code).toBe(1);
      expect(stderr).toMatch(/cannot listen on .*EADDRINUSE.*\n {2}mend: /);
      port.close();
      const service = new Served(instance);
      await service.untilReady();
      await service.stop();
    } finally {
      port.close();
      instance.remove();
    }
  });
});

describe('sigillo start', () => {
  it('started twice makes nothing twice', async () => {
    const home = join(folder, 'home');
    const portBase = String(await freePortBase());
    const start = () => sigillo('start', '--once', '--home', home, '--port-base', portBase);
    const first = await start();
    expect(`${first.code} ${first.stderr}`).toBe('0 ');
    const made = rows(home);
    const configuration = readFileSync(join(home, 'sigillo.yaml'));
    const certificate = readFileSync(join(home, 'credentials', 'station', 'cert.pem'));
    expect(made['sods']).toHaveLength(1);

    const second = await start();
    expect(`${second.code} ${second.stderr}`).toBe('0 ');
    expect(second.stdout).not.toMatch(/^making/m);
    expect(second.stdout).toContain('signed before');
    expect(rows(home)).toEqual(made);
    expect(readFileSync(join(home, 'sigillo.yaml'))).toEqual(configuration);
    expect(readFileSync(join(home, 'credentials', 'station', 'cert.pem'))).toEqual(certificate);
  });
});

describe('an instance whose making is killed again and again', () => {
  it('is made in the end, with nothing on the token or on record twice', async () => {
    const home = join(folder, 'home');
    const chance = new Chance(21, 'kill -9 of init');
    const portBase = await freePortBase();
    const command = ['init', '--home', home, '--port-base', String(portBase)];
    let kills = 0;
    for (let isMade = false; !isMade; ) {
      const init = spawn(process.execPath, [mainModule, ...command], { stdio: ['ignore', 'pipe', 'ignore'] });
      let output = '';
      init.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      const ended = once(init, 'exit');
      // At first while the folder is laid out, then some moment after something is begun to be made.
      if (kills < 4) await Promise.race([sleep(150 * (kills + 1)), ended]);
      else {
        await Promise.race([once(init.stdout, 'data'), ended]);
        await Promise.race([sleep(chance.below(40)), ended]);
      }
      isMade = output.includes('has everything');
      if (!isMade) {
        init.kill('SIGKILL');
        kills += 1;
      }
      await ended;
      expect(kills, 'it gets nowhere').toBeLessThan(100);
    }
    expect(kills).toBeGreaterThan(6);

    const service = new Served({ home, portBase });
    await service.untilReady();
    const { keys = [], certificates = [], crls, master_lists: lists } = rows(home);
    expect(new Set(keys.map(({ role, label }) => `${String(role)} ${String(label)}`)).size).toBe(keys.length);
    const ofKeys = certificates.filter(({ key_id: keyId }) => keyId !== null);
    // The log key has none.
    expect(ofKeys).toHaveLength(keys.filter(({ role }) => role !== 'log').length);
    expect(crls).toHaveLength(1);
    expect(lists).toHaveLength(1);
    // The health key is on the token and, as nobody counts its uses, not on record.
    expect(Number(/"keys":(\d+)/.exec(service.log)?.[1])).toBe(keys.length + 1);
    expect(new RecordsExaminer(recordsPath(home), () => new Date()).examine(new Map(), true)).toEqual([]);
    const station = service.station();
    expect((await station.post('/v1/sods', newOrder('P'))).status).toBe(201);
    station.close();
    await service.stop();
    expect(existsSync(join(home, 'sigillo.yaml.draft'))).toBe(false);
  });
});
