import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Programs that others wrote, as readers of what we write. */

const jars = ['bcprov', 'bcutil', 'bcpkix'].map((name) => `/usr/share/java/${name}.jar`);

const hasCommand = (name: string) =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));

const readers = {
  openssl: { isPresent: () => hasCommand('openssl'), install: 'openssl' },
  certtool: { isPresent: () => hasCommand('certtool'), install: 'gnutls-bin' },
  bouncyCastle: {
    isPresent: () => hasCommand('java') && hasCommand('javac') && jars.every((jar) => existsSync(jar)),
    install: 'default-jdk-headless libbcprov-java libbcpkix-java',
  },
};

/**
 * A suite that needs programs of the machine. Where one is missing it is skipped and says what to install; in
 * CI that is a failure, because a green run must not mean that nobody else read what we wrote.
 */
export function describeWith(
  names: readonly (keyof typeof readers)[],
  name: string,
  suite: () => void,
): void {
  const missing = names.filter((reader) => !readers[reader].isPresent());
  const mend = `apt-get install ${missing.map((reader) => readers[reader].install).join(' ')}`;
  const isMissing = missing.length > 0;
  if (isMissing && process.env['CI'] !== undefined) {
    it(`${name}: finds its readers`, () => expect.unreachable(mend));
    return;
  }
  describe(`${name}${isMissing ? ` (${mend})` : ''}`, { skip: isMissing }, () => {
    suite();
  });
}

/** How a program ended and what it said. */
export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export function run(command: string, args: readonly string[], input?: string | Uint8Array): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'pipe' });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.once('error', reject);
    child.once('close', (exitCode) => {
      resolve({ exitCode, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() });
    });
    // One that ends before it has read everything has its reasons, which the exit code tells.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

export function openssl(args: readonly string[], input?: Uint8Array): Promise<Outcome> {
  return run('openssl', args, input);
}

/** `work` on every item, two at a time, results in the order of the items. */
export async function twoAtATime<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await work(items[index] as Item);
    }
  };
  await Promise.all([worker(), worker()]);
  return results;
}

/** The checks written in Java against Bouncy Castle, under `java/`, compiled when they are first needed. */
export class BouncyCastle {
  readonly #classes: string;

  private constructor(classes: string) {
    this.#classes = classes;
  }

  static compile(): BouncyCastle {
    const classes = mkdtempSync(join(tmpdir(), 'sigillo-java-'));
    const folder = join(import.meta.dirname, 'java');
    const sources = readdirSync(folder).map((name) => join(folder, name));
    // Debian's jars name others in their manifests that need not be there.
    const warnings = ['-Xlint:all,-path', '-Werror'];
    execFileSync('javac', [...warnings, '-d', classes, '-cp', jars.join(':'), ...sources]);
    return new BouncyCastle(classes);
  }

  /**
   * One process for many files.
   *
   * @returns by path, `OK` or `REFUSED` with what it printed about the file
   */
  async run(
    check: 'SodCheck' | 'CertificateCheck',
    args: readonly string[],
    paths: readonly string[],
  ): Promise<ReadonlyMap<string, BouncyCastleLine>> {
    const classPath = [this.#classes, ...jars].join(':');
    // The serial collector and the first compiler are the quickest for a process of a second.
    const quick = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
    const { exitCode, stdout, stderr } = await run(
      'java',
      [...quick, '-cp', classPath, check, ...args],
      paths.map((path) => `${path}\n`).join(''),
    );
    if (exitCode !== 0) throw new Error(`${check} ended with ${exitCode}: ${stderr}`);
    const lines = stdout.toString().split('\n').filter(Boolean);
    return new Map(
      lines.map((line) => {
        const [verdict = '', path = '', detail = ''] = line.split('\t');
        return [path, { verdict, detail }];
      }),
    );
  }

  remove(): void {
    rmSync(this.#classes, { recursive: true, force: true });
  }
}

export interface BouncyCastleLine {
  readonly verdict: string;
  readonly detail: string;
}
