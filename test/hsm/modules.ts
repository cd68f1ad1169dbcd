import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { softHsmModule, writeSoftHsmConfiguration } from '../../hsm/softhsm.ts';
import { FaultyToken } from '../support/faulty-token.ts';
import type { TokenAccess } from './token-process.ts';

/** The PKCS#11 modules that the tests run against, each with a token of its own in a temporary folder. */

/** A token labelled `test`, with nothing on it. */
export interface PreparedToken extends TokenAccess {
  /** Ends the daemon that serves the token, and starts it again; for modules that have one. */
  readonly restartDaemon?: () => Promise<void>;
  stop(): Promise<void>;
}

export interface ModuleUnderTest {
  readonly name: string;
  /** Debian packages. */
  readonly packages: string;
  /** Path of the module, or undefined where it is not installed. */
  readonly path: string | undefined;
  /** A user PIN that the module takes. */
  readonly pin: string;
  readonly hasDaemon?: true;
  /** Whether this machine lets the tests give the module a token of its own; everywhere, where it is not said. */
  readonly isPossible?: () => boolean;
  prepare(folder: string, pinFile: string): Promise<PreparedToken>;
}

const folders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];

function library(name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function required(path: string | undefined): string {
  if (path === undefined) throw new Error('the module is not installed');
  return path;
}

const tokenLabel = 'test';
const nothing = async () => undefined;

function prepareSoftHsm(folder: string): { SOFTHSM2_CONF: string } {
  const environment = { SOFTHSM2_CONF: writeSoftHsmConfiguration(folder) };
  const pins = ['--so-pin', 'so-pin-1', '--pin', softHsm.pin];
  execFileSync('softhsm2-util', ['--init-token', '--free', '--label', tokenLabel, ...pins], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: 'pipe',
  });
  return environment;
}

const softHsm: ModuleUnderTest = {
  name: 'SoftHSM',
  packages: 'softhsm2',
  path: softHsmModule(),
  pin: '12345678',
  prepare: async (folder, pinFile) => ({
    configuration: { module: required(softHsm.path), tokenLabel, pinFile },
    environment: prepareSoftHsm(folder),
    launcher: [],
    stop: nothing,
  }),
};

/** The faulty token while nothing goes wrong is as good as the module behind it. */
const softHsmBehindFaultyToken: ModuleUnderTest = {
  ...softHsm,
  name: 'SoftHSM behind the faulty token',
  packages: 'softhsm2 gcc libc6-dev',
  prepare: async (folder, pinFile) => {
    const { module } = new FaultyToken(join(folder, 'faulty'), required(softHsm.path));
    const environment = prepareSoftHsm(folder);
    return { configuration: { module, tokenLabel, pinFile }, environment, launcher: [], stop: nothing };
  },
};

const nssSoftokn: ModuleUnderTest = {
  name: 'NSS softokn',
  packages: 'libnss3 libnss3-tools',
  path: library('libsoftokn3.so'),
  pin: '12345678',
  prepare: async (folder, pinFile) => {
    const database = join(folder, 'nss');
    mkdirSync(database);
    execFileSync('certutil', ['-N', '-d', `sql:${database}`, '-f', pinFile]);
    const libraryParameters = `configdir='sql:${database}' dbTokenDescription='${tokenLabel}'`;
    return {
      configuration: { module: required(nssSoftokn.path), tokenLabel, pinFile, libraryParameters },
      environment: {},
      launcher: [],
      stop: nothing,
    };
  },
};

/** SoftHSM in a daemon behind a socket: a token that is away from the process, as an HSM in the network is. */
const p11KitRemote: ModuleUnderTest = {
  name: 'SoftHSM behind p11-kit server',
  packages: 'p11-kit p11-kit-modules softhsm2',
  path: library('pkcs11/p11-kit-client.so'),
  pin: softHsm.pin,
  hasDaemon: true,
  prepare: async (folder, pinFile) => {
    const environment = prepareSoftHsm(folder);
    const socket = join(folder, 'p11');
    const options = ['--foreground', '--name', socket, '--provider', required(softHsm.path)];
    const start = () =>
      startDaemon(socket, () =>
        spawn('p11-kit', ['server', ...options, `pkcs11:token=${tokenLabel}`], {
          stdio: 'ignore',
          detached: true,
          env: { PATH: process.env['PATH'], ...environment },
        }),
      );
    let daemon = await start();
    return {
      configuration: { module: required(p11KitRemote.path), tokenLabel, pinFile },
      environment: { P11_KIT_SERVER_ADDRESS: `unix:path=${socket}` },
      launcher: [],
      restartDaemon: async () => {
        await end(daemon);
        daemon = await start();
      },
      stop: () => end(daemon),
    };
  },
};

const ownNamespaces = ['--mount', '--ipc', '--pid', '--fork', '--kill-child', '--mount-proc'];

function canUnshare(): boolean {
  return spawnSync('unshare', [...ownNamespaces, 'true']).status === 0;
}

/**
 * opencryptoki knows one set of folders on the machine, one daemon and one block of shared memory. Namespaces of
 * their own give the tests a private machine in this respect, without touching a token that somebody uses. Only root may
 * make them so that the daemon can give its shared memory to the group pkcs11, and containers often may not at all.
 */
const openCryptoki: ModuleUnderTest = {
  name: 'opencryptoki',
  packages: 'opencryptoki util-linux',
  path: library('opencryptoki/libopencryptoki.so.0'),
  // It refuses its default, 12345678, and takes eight characters at most.
  pin: '98761234',
  isPossible: canUnshare,
  prepare: async (folder, pinFile) => {
    const state = join(folder, 'state');
    const configuration = join(folder, 'configuration');
    cpSync('/var/lib/opencryptoki', state, { recursive: true });
    mkdirSync(configuration);
    writeFileSync(
      join(configuration, 'opencryptoki.conf'),
      'version opencryptoki-3.1\nslot 0\n{\nstdll = libpkcs11_sw.so\n}\n',
    );
    const ready = join(folder, 'ready');
    const script = `set -e
      mount --bind ${state} /var/lib/opencryptoki
      mount --bind ${configuration} /etc/opencryptoki
      mount -t tmpfs tmpfs /run
      locks=$(readlink -m /var/lock)
      mkdir -p $locks
      mount -t tmpfs tmpfs $locks
      mkdir $locks/opencryptoki
      pkcsslotd
      enter() { printf '%s\\n' "$@"; }
      until pkcsconf -t >/dev/null 2>&1; do sleep 0.05; done
      enter 87654321 ${tokenLabel} | pkcsconf -I -c 0
      enter 87654321 so-pin-1 so-pin-1 | pkcsconf -P -c 0
      enter so-pin-1 ${openCryptoki.pin} ${openCryptoki.pin} | pkcsconf -u -c 0
      touch ${ready}
      sleep infinity`;
    const holder = await startDaemon(ready, () =>
      spawn('unshare', [...ownNamespaces, 'sh', '-c', script], {
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true,
      }),
    );
    const child = execFileSync('pgrep', ['--parent', String(holder.pid)], { encoding: 'utf8' }).trim();
    return {
      configuration: { module: required(openCryptoki.path), tokenLabel, pinFile },
      environment: {},
      launcher: ['nsenter', '--target', child, '--mount', '--ipc', '--pid'],
      stop: () => end(holder),
    };
  },
};

export const modulesUnderTest: readonly ModuleUnderTest[] = [
  softHsm,
  softHsmBehindFaultyToken,
  nssSoftokn,
  p11KitRemote,
  openCryptoki,
];

/** Waits for the file that says that the daemon is there. */
async function startDaemon(sign: string, start: () => ChildProcess): Promise<ChildProcess> {
  const daemon = start();
  let complaints = '';
  daemon.stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  for (let attempt = 0; !existsSync(sign); attempt += 1) {
    if (daemon.exitCode !== null || attempt > 600) throw new Error(`the daemon did not start: ${complaints}`);
    await sleep(20);
  }
  return daemon;
}

/** With the processes that it has started, as p11-kit does for each connection. */
async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null || daemon.pid === undefined) return;
  const ended = once(daemon, 'exit');
  process.kill(-daemon.pid, 'SIGKILL');
  await ended;
}
