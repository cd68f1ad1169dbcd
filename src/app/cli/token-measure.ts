import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { type Command, InvalidArgumentError } from 'commander';
import { SignerPool } from '../../adapters/signer-pool/index.ts';
import { Refused } from '../../services/errors.ts';
import { type NamedToken, tokenNamed } from '../instance/configuration.ts';
import { loadInstance } from '../instance/load-instance.ts';
import { readyInPipe, startSigner } from '../instance/open-instance.ts';
import { defaultHome, homePath } from './instance-options.ts';
import type { Screen } from './screen.ts';

interface MeasureOptions {
  readonly home: string;
  readonly token: string;
  readonly seconds: number;
  readonly json?: boolean;
}

interface Setting {
  readonly processes: number;
  readonly sessions: number;
}

interface Measured extends Setting {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A setting that takes more of token and machine has to bring more than this. */
const worthIt = 1.05;
/** Sessions cost a third more processor time than processes; a token behind a network brings many times as much. */
const worthSessions = 1.5;

/** `sigillo token measure`: how many signers and sessions suit the token, by the health key and no other. */
export function registerTokenMeasure(token: Command, screen: Screen): void {
  token
    .command('measure')
    .description('measure settings on the real token with its health key, and recommend one')
    .option('--home <dir>', 'folder of the instance', homePath, homePath(defaultHome))
    .option('--token <name>', 'which token of the instance', 'token')
    .option('--seconds <n>', 'for each setting', seconds, 2)
    .option('--json', 'one JSON object a line')
    .action((options: MeasureOptions) => measureSettings(options, screen));
}

async function measureSettings(options: MeasureOptions, screen: Screen): Promise<void> {
  const { configuration } = loadInstance(options.home);
  const token = tokenNamed(configuration, options.token);
  const results: Measured[] = [];
  if (options.json !== true) screen.stdout.write('processes  sessions  signatures/s   p50 ms   p99 ms\n');
  for (const setting of settings()) {
    const result = await measure(options, token, setting);
    results.push(result);
    screen.stdout.write(options.json === true ? `${JSON.stringify(result)}\n` : `${row(result)}\n`);
  }
  const { processes, sessions } = recommended(results);
  if (options.json === true) {
    screen.stdout.write(`${JSON.stringify({ recommended: { processes, sessions } })}\n`);
    return;
  }
  screen.stdout.write(
    `\nIn sigillo.yaml, under ${options.token}:\n  processes: ${processes}\n  sessions: ${sessions}\n`,
  );
}

function seconds(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 3_600) return value;
  throw new InvalidArgumentError('write a number of seconds above 0 and up to 3600.');
}

/** Synchronous ones up to a process for each processor and one more; then those of a network HSM. */
function settings(): readonly Setting[] {
  const synchronous = Array.from({ length: availableParallelism() + 1 }, (_, index) => ({
    processes: index + 1,
    sessions: 1,
  }));
  return [...synchronous, ...[4, 16, 32].map((sessions) => ({ processes: 1, sessions }))];
}

async function measure(
  { home, seconds }: MeasureOptions,
  token: NamedToken,
  setting: Setting,
): Promise<Measured> {
  const { processes, sessions } = setting;
  const inFlight = sessions === 1 ? readyInPipe : sessions;
  const limits = { startTimeoutMs: 30_000, keepAliveMs: 3_600_000, hangMs: 30_000 };
  const pool = new SignerPool({
    tokens: [
      {
        name: token.name,
        preference: 1,
        spawn: () => startSigner(home, { ...token, sessions }),
        processes,
        inFlight,
        ...limits,
      },
    ],
    signTimeoutMs: 30_000,
    keyTimeoutMs: 30_000,
    maxWaiting: processes * inFlight,
    onEvent: () => undefined,
  });
  try {
    if (!(await pool.proveHealth())) throw noHealthKey();
    while (pool.pids.length < processes) await pool.proveHealth();
    const begun = performance.now();
    const end = begun + seconds * 1_000;
    const latencies: number[] = [];
    const lane = async () => {
      for (let from = performance.now(); from < end; ) {
        await pool.proveHealth();
        const now = performance.now();
        latencies.push(now - from);
        from = now;
      }
    };
    // As many as a busy service hands over: the latency has what waits in the pipe in it.
    await Promise.all(Array.from({ length: processes * inFlight }, lane));
    const sorted = latencies.toSorted((a, b) => a - b);
    const at = (share: number) => rounded(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
    const perSecond = Math.round((latencies.length * 1_000) / (performance.now() - begun));
    return { ...setting, perSecond, p50Ms: at(0.5), p99Ms: at(0.99) };
  } finally {
    pool.close();
  }
}

/** The first that no later one, which takes more, beats by enough to be worth it. */
function recommended(results: readonly Measured[]): Setting {
  let [best] = results;
  for (const result of results) {
    const enough = best?.sessions === 1 && result.sessions > 1 ? worthSessions : worthIt;
    if (best === undefined || result.perSecond > best.perSecond * enough) best = result;
  }
  return best ?? { processes: 1, sessions: 1 };
}

function noHealthKey(): Refused {
  return new Refused('policy', 'the token lets no health key be made, and no other key is measured with', {
    mend: 'allow the user of the token to make a P-256 key pair',
  });
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}

function row({ processes, sessions, perSecond, p50Ms, p99Ms }: Measured): string {
  const widths = [9, 10, 14, 9, 9];
  return [processes, sessions, perSecond, p50Ms, p99Ms]
    .map((value, index) => String(value).padStart(widths[index] ?? 0))
    .join('');
}
