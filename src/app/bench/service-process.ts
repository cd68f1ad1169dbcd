import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from '../../services/errors.ts';
import type { Instance } from '../instance/load-instance.ts';
import { mainModule } from '../instance/open-instance.ts';
import { childrenOf, cpuSeconds, peakOctets } from './cpu-time.ts';

/** Processor time in seconds since the process began. */
export interface ServiceCpu {
  readonly service: number;
  readonly signers: number;
}

/** `sigillo serve` in a process of its own, as an operator runs it. */
export class ServiceProcess {
  readonly #child: ChildProcess;
  readonly #instance: Instance;
  readonly #ended: Promise<void>;
  #log = '';

  /** @param profiles folder for CPU profiles of the service and its signers */
  constructor(instance: Instance, profiles: string | undefined) {
    this.#instance = instance;
    // Signers inherit the options of Node.
    const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
    const { options, environment } = startedWith();
    const command = [...options, ...profiling, mainModule, 'serve', '--home', instance.paths.home];
    this.#child = spawn(process.execPath, command, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#ended = new Promise((resolve) => this.#child.once('exit', () => resolve()));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#log = (this.#log + chunk.toString()).slice(-4_000);
      });
    }
  }

  /** Waits until SODs can be signed. @throws Unavailable when the service has ended instead */
  async ready(signal: AbortSignal): Promise<void> {
    while (!(await isReady(this.#instance.configuration.http.portBase + 4))) {
      signal.throwIfAborted();
      this.assertRunning();
      await sleep(50);
    }
  }

  assertRunning(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) return;
    throw new Unavailable('service', `ended by itself:\n${this.#log}`, {
      outcome: 'not-applied',
      mend: 'see what it logged',
    });
  }

  cpu(): ServiceCpu {
    const { pid } = this.#child;
    if (pid === undefined) return { service: 0, signers: 0 };
    const signers = childrenOf(pid).reduce((sum, child) => sum + cpuSeconds(child), 0);
    return { service: cpuSeconds(pid), signers };
  }

  /** The most memory that the service has had so far, without its signers. */
  peakOctets(): number {
    return peakOctets(this.#child.pid ?? 0);
  }

  /** SIGTERM, and SIGKILL to one that does not end. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), 15_000);
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.#ended;
    clearTimeout(impatience);
  }
}

/** Options of Node and variables that `npm run sigillo` starts it with. */
function startedWith(): { options: readonly string[]; environment: Readonly<Record<string, string>> } {
  const { scripts } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    scripts: { sigillo: string };
  };
  const words = scripts.sigillo.split(' ');
  return {
    options: words.filter((word) => word.startsWith('--')),
    environment: Object.fromEntries(
      words.flatMap((word) => {
        const [, variable, value] = /^([A-Z_]+)=(.*)$/.exec(word) ?? [];
        return variable === undefined || value === undefined ? [] : [[variable, value]];
      }),
    ),
  };
}

/** Whether `/health/ready` answers 200. */
function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/health/ready' }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode === 200));
    });
    request.once('error', () => resolve(false));
  });
}
