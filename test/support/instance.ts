import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { layOutDevelopment } from '../../src/app/instance/development.ts';
import { freePortBase } from '../../src/app/instance/free-ports.ts';

/** Private instances on free ports in temporary folders, with a real token, for tests and benchmarks. */

export const mainModule = fileURLToPath(new URL('../../src/app/main.ts', import.meta.url));
const shippedPolicies = fileURLToPath(new URL('../../policies', import.meta.url));

export interface TestInstance {
  readonly home: string;
  readonly portBase: number;
  /** Document type to use in a request for each key algorithm. */
  readonly documentTypes: ReadonlyMap<string, string>;
  remove(): void;
}

export interface TestInstanceOptions {
  /** Key algorithms to have a Document Signer for, each with a document type of its own. */
  readonly algorithms: readonly string[];
  readonly processes?: number;
}

/** Lays out an instance; keys and certificates are made when it is first served. */
export async function makeTestInstance(options: TestInstanceOptions): Promise<TestInstance> {
  const home = mkdtempSync(join(tmpdir(), 'sigillo-test-'));
  const policies = join(home, 'policy-source');
  cpSync(shippedPolicies, policies, { recursive: true });
  const profiles = options.algorithms.map((algorithm, index) => ({
    algorithm,
    name: `dsc-test-${index}`,
    documentType: `P${String.fromCharCode(65 + index)}`,
  }));
  const passport = readFileSync(join(policies, 'dsc-passport.yaml'), 'utf8');
  for (const { name, documentType } of profiles) {
    const profile = passport
      .replace('profile: dsc-passport', `profile: ${name}`)
      .replace('Document Signer Passport', `Document Signer ${documentType}`)
      .replace('types: [P]', `types: [${documentType}]`);
    writeFileSync(join(policies, `${name}.yaml`), profile);
  }
  const portBase = await freePortBase();
  layOutDevelopment({
    home,
    portBase,
    policies,
    main: mainModule,
    documentSigners: profiles.map(({ name }) => name),
    keyAlgorithms: Object.fromEntries(profiles.map(({ name, algorithm }) => [name, algorithm])),
    processes: options.processes,
  });
  return {
    home,
    portBase,
    documentTypes: new Map(profiles.map(({ algorithm, documentType }) => [algorithm, documentType])),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** A service in a process of its own, as an operator runs it. */
export interface RunningService {
  readonly process: ChildProcess;
  /** Everything that it has logged so far. */
  readonly log: () => string;
  /** SIGTERM, and waits for the end. @returns the exit code */
  stop(): Promise<number | null>;
}

/**
 * Starts `sigillo serve` and waits until SODs can be signed.
 *
 * @param nodeOptions options of Node, e.g. for how much memory it may use
 */
export async function serve(
  home: string,
  portBase: number,
  nodeOptions: readonly string[] = [],
): Promise<RunningService> {
  mkdirSync(home, { recursive: true });
  const child = spawn(process.execPath, [...nodeOptions, mainModule, 'serve', '--home', home], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  for (let attempt = 0; !(await isReady(portBase)); attempt += 1) {
    if (child.exitCode !== null || attempt > 1_200) throw new Error(`the service did not get ready:\n${log}`);
    await sleep(50);
  }
  const stop = () => {
    child.kill('SIGTERM');
    return ended;
  };
  return { process: child, log: () => log, stop };
}

/** Whether `/health/ready` answers 200. */
function isReady(portBase: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port: portBase + 4, path: '/health/ready' }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode === 200));
    });
    request.once('error', () => resolve(false));
  });
}
