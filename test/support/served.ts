import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mainModule } from './instance.ts';
import { type Answer, Station } from './station.ts';

/** A service that need not get ready, for tests in which something is missing or fails. */
export class Served {
  readonly portBase: number;
  readonly home: string;
  readonly process: ChildProcess;
  #log = '';
  readonly #ended: Promise<number | null>;

  /** @param environment what its process has beside that of this one */
  constructor(
    instance: { readonly home: string; readonly portBase: number },
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.home = instance.home;
    this.portBase = instance.portBase;
    this.process = spawn(process.execPath, [mainModule, 'serve', '--home', this.home], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#log += chunk.toString();
      });
    }
    this.#ended = new Promise((resolve) => this.process.once('exit', resolve));
  }

  get log(): string {
    return this.#log;
  }

  /** Signer processes that take jobs, as the log tells them. */
  get signerPids(): readonly number[] {
    const pids = new Set<number>();
    for (const line of this.#log.split('\n')) {
      const [, kind, pid] = /"kind":"(ready|ended)","signerPid":(\d+)/.exec(line) ?? [];
      if (kind === 'ready') pids.add(Number(pid));
      if (kind === 'ended') pids.delete(Number(pid));
    }
    return [...pids];
  }

  /** The process of a token that has become ready last, as the log tells it. */
  signerOf(token: string): number {
    const ready = this.#log.split('\n').filter((line) => line.includes('"kind":"ready"'));
    const events = ready.map((line) => JSON.parse(line) as { token: string; signerPid: number });
    return events.findLast((event) => event.token === token)?.signerPid ?? 0;
  }

  station(): Station {
    return new Station({ home: this.home, port: this.portBase, holder: 'station' });
  }

  /** `/health/ready`, or undefined while nothing listens. */
  async health(): Promise<{ readonly ready: boolean; readonly reasons: readonly string[] } | undefined> {
    const text = await get(this.portBase + 4, '/health/ready').catch(() => undefined);
    return text === undefined
      ? undefined
      : (JSON.parse(text) as { ready: boolean; reasons: readonly string[] });
  }

  untilReady(): Promise<void> {
    return this.#until('ready', async () => (await this.health())?.ready === true);
  }

  /** Until it serves and says that it is not ready, for a reason that matches. */
  untilNotReady(reason: RegExp): Promise<void> {
    return this.#until(`not ready because of ${String(reason)}`, async () => {
      const health = await this.health();
      return health?.ready === false && health.reasons.some((text) => reason.test(text));
    });
  }

  #until(what: string, condition: () => Promise<boolean>): Promise<void> {
    return eventually(what, async () => {
      if (this.process.exitCode !== null)
        throw new Error(`the service ended instead of ${what}:\n${this.#log}`);
      return condition();
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.#log.slice(-4_000)}`);
    });
  }

  ended(): Promise<number | null> {
    return this.#ended;
  }

  /** SIGTERM, and waits for the end. */
  stop(): Promise<number | null> {
    this.process.kill('SIGTERM');
    return this.#ended;
  }

  kill(): Promise<number | null> {
    this.process.kill('SIGKILL');
    return this.#ended;
  }
}

/** A figure of the metrics page of an instance. */
export async function metric(portBase: number, name: string): Promise<number> {
  const lines = (await get(portBase + 4, '/metrics')).split('\n');
  const line = lines.find((candidate) => candidate.startsWith(name)) ?? '';
  return Number(line.slice(line.lastIndexOf(' ')));
}

function get(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve(text));
    });
    request.once('error', reject);
  });
}

/** Polls until it holds; one that never does ends with its name. */
export async function eventually(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let attempt = 0; attempt < 1_200; attempt += 1) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error(`never came to be: ${what}`);
}

/** A request for a chip that does not exist; the same id gives the same content. */
export function sodRequest(requestId: string, documentType = 'P') {
  const hash = (group: number) => createHash('sha256').update(`${requestId} ${group}`).digest('base64');
  return {
    requestId,
    documentType,
    digestAlgorithm: 'SHA-256',
    lds: { version: '1.7' },
    dataGroupHashes: { '1': hash(1), '2': hash(2), '14': hash(14) },
  };
}

/** A request of its own, for a document of the first type of a test instance. */
export function newOrder(documentType = 'PA') {
  return sodRequest(newRequestId(), documentType);
}

/** Sends the same request until it is answered with something else than 503, 504 or a broken connection. */
export async function untilAnswered(station: Station, body: object): Promise<Answer> {
  let answer: Answer | undefined;
  await eventually('an answer', async () => {
    answer = await station.post('/v1/sods', body).catch(() => undefined);
    return answer !== undefined && answer.status !== 503 && answer.status !== 504;
  });
  if (answer === undefined) throw new Error('unreachable');
  return answer;
}

export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of sigillo to its end. */
export function sigillo(...args: readonly string[]): Promise<CommandOutcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [mainModule, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

function newRequestId(): string {
  return randomBytes(8).toString('hex');
}

export function recordsPath(home: string): string {
  return join(home, 'records.sqlite');
}
