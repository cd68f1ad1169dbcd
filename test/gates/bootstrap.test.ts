import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repository } from './planted-tree.ts';

/** A checkout on a machine that has nothing; npm, apt and sudo only note how they were called. */
class FreshMachine {
  readonly folder = mkdtempSync(join(tmpdir(), 'sigillo-fresh-'));
  readonly #checkout = join(this.folder, 'checkout');
  readonly #commands = join(this.folder, 'bin');
  readonly #notes = join(this.folder, 'notes');

  constructor() {
    for (const name of ['bootstrap.mjs', 'child.mjs', 'machine-packages.mjs']) {
      cpSync(join(repository, 'scripts', name), join(this.#checkout, 'scripts', name));
    }
    mkdirSync(join(this.#checkout, 'src/app'), { recursive: true });
    mkdirSync(this.#commands);
    this.write('src/app/main.ts', "console.log(process.argv.slice(2).join(' '));\nprocess.exitCode = 7;\n");
    this.write('package.json', '{ "optionalDependencies": {}, "type": "module" }');
    this.lock('1.0.0');
    symlinkSync('/usr/bin/env', join(this.#commands, 'env'));
    this.command('sudo', 'shift; exec "$@"');
    this.command('apt-cache', 'exit 0');
    this.command(
      'apt-get',
      `${this.note('apt-get')}
       for word; do case $word in
         softhsm2) ${this.makeCommand('softhsm2-util')} ;;
         python3 | make | g++) ${this.makeCommand('$word')} ;;
       esac; done`,
    );
    const modules = join(this.#checkout, 'node_modules');
    this.command(
      'npm',
      `${this.note('npm')}
       /bin/rm -rf ${modules}
       /bin/mkdir -p ${modules}/.bin ${modules}/pkcs11js/build/Release
       /bin/cp ${this.#checkout}/package-lock.json ${modules}/.package-lock.json
       /bin/ln -s ${process.execPath} ${modules}/.bin/node
       case "$*" in *--ignore-scripts*) ;; *) : > ${modules}/pkcs11js/build/Release/pkcs11.node ;; esac`,
    );
  }

  write(name: string, content: string): void {
    writeFileSync(join(this.#checkout, name), content);
  }

  /** A lock with one package. */
  lock(version: string): void {
    this.write('package-lock.json', JSON.stringify({ packages: { '': {}, 'node_modules/a': { version } } }));
  }

  command(name: string, script: string): void {
    writeFileSync(join(this.#commands, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(this.#commands, name), 0o755);
  }

  remove(name: string): void {
    rmSync(join(this.#commands, name));
  }

  private note(name: string): string {
    return `echo "${name} $*" >> ${this.#notes}`;
  }

  private makeCommand(name: string): string {
    return `: > ${this.#commands}/${name}; /bin/chmod +x ${this.#commands}/${name}`;
  }

  /** How npm and apt were called since the last time. */
  takeNotes(): string[] {
    if (!existsSync(this.#notes)) return [];
    const notes = readFileSync(this.#notes, 'utf8').trimEnd().split('\n');
    rmSync(this.#notes);
    return notes;
  }

  spawn(...args: readonly string[]) {
    return spawn(process.execPath, [join(this.#checkout, 'scripts/bootstrap.mjs'), ...args], {
      cwd: this.#checkout,
      env: { PATH: this.#commands },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async run(...args: readonly string[]) {
    const child = this.spawn(...args);
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    return { exitCode: child.exitCode, stdout, stderr };
  }

  destroy(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe('bootstrap of npm start and npm test', () => {
  let machine: FreshMachine;
  beforeEach(() => {
    machine = new FreshMachine();
  });
  afterEach(() => machine.destroy());

  it('installs what is missing, then passes arguments and exit code through', async () => {
    const { exitCode, stdout } = await machine.run('start', '--once');
    expect(machine.takeNotes()).toEqual([
      expect.stringMatching(/^apt-get .*install -y .*--no-install-recommends python3 make g\+\+ softhsm2$/),
      expect.stringMatching(/^npm ci --include=dev/),
    ]);
    expect(stdout).toBe('start --once\n');
    expect(exitCode).toBe(7);
  });

  it('installs nothing twice, and npm packages again when the lock has changed', async () => {
    await machine.run('start');
    machine.takeNotes();
    const { stderr } = await machine.run('start');
    expect(machine.takeNotes()).toEqual([]);
    expect(stderr).toBe('');
    machine.lock('1.0.1');
    await machine.run('start');
    expect(machine.takeNotes()).toEqual([expect.stringMatching(/^npm ci/)]);
  });

  it('fetches package lists only where apt does not know the packages', async () => {
    machine.command('apt-cache', 'exit 100');
    await machine.run('start');
    const [first, second] = machine.takeNotes();
    expect(first).toMatch(/^apt-get .*update/);
    expect(second).toMatch(/^apt-get .*install/);
  });

  it('waits while another apt holds the lock', async () => {
    const once = join(machine.folder, 'locked-once');
    machine.command(
      'apt-get',
      `[ -e ${once} ] && exit 1; : > ${once}; echo 'E: Could not get lock /var/lib/apt/lists/lock'; exit 100`,
    );
    const { stderr } = await machine.run('start');
    expect(stderr).toContain('another apt holds the lock: waiting');
  });

  it('without apt names the packages and what still works, and ends with 3', async () => {
    machine.remove('apt-get');
    const { exitCode, stdout, stderr } = await machine.run('start');
    expect(exitCode).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toContain('npm start needs these packages: python3 make g++ softhsm2');
    expect(stderr).toContain('sigillo -- verify');
    expect(machine.takeNotes()).toEqual([expect.stringMatching(/^npm ci .*--ignore-scripts/)]);
  });

  it('without apt runs the tests all the same, and says what will fail', async () => {
    machine.remove('apt-get');
    machine.write('scripts/test.mjs', "console.log('1 passed, 0 failed');\n");
    const { exitCode, stdout, stderr } = await machine.run('test');
    expect(exitCode).toBe(0);
    expect(stdout).toBe('1 passed, 0 failed\n');
    expect(stderr).toMatch(/going on without .*softhsm2/);
  });

  it('two at the same time install once', async () => {
    await Promise.all([machine.run('start'), machine.run('start')]);
    expect(machine.takeNotes().filter((note) => note.startsWith('npm ci'))).toHaveLength(1);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'passes %s on to the program and its answer back',
    async (signal) => {
      machine.write(
        'src/app/main.ts',
        `process.on('${signal}', () => process.exit(5));\nsetInterval(() => {}, 1000);\nconsole.log('ready');\n`,
      );
      const child = machine.spawn('start');
      await once(child.stdout, 'data');
      child.kill(signal);
      await once(child, 'close');
      expect(child.exitCode).toBe(5);
    },
  );

  it('is what the shell of npm turns into, as that would keep signals to itself', () => {
    const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts).toMatchObject({
      start: 'exec node scripts/bootstrap.mjs start',
      test: 'exec node scripts/bootstrap.mjs test',
    });
  });

  it('refuses an unknown mode with 2', async () => {
    const { exitCode, stderr } = await machine.run('stop');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^usage: /);
  });
});
