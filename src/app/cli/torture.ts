import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { Refused } from '../../services/errors.ts';
import type { TokenAtHand } from '../instance/development.ts';
import { loadInstance } from '../instance/load-instance.ts';
import { discardThrowaway, makeThrowaway, type Throwaway } from '../torture/throwaway-instance.ts';
import { torture, type TortureResult, type TortureTotals } from '../torture/torture.ts';
import { homePath, shippedPolicies } from './instance-options.ts';
import { paint, printable, type Screen } from './screen.ts';

interface TortureCommandOptions {
  readonly home?: string;
  readonly folder: string;
  readonly module?: string;
  readonly tokenLabel?: string;
  readonly pinFile?: string;
  readonly tokenEnvironment: Readonly<Record<string, string>>;
  readonly keyAlgorithm: Readonly<Record<string, string>>;
  readonly faultyModule?: string;
  readonly steps: number;
  readonly stations: number;
  readonly seed?: number;
  readonly discard?: string;
  readonly json?: boolean;
}

/** `sigillo torture`: load and whatever disturbs it, from a seed, and what it left on record (docs/torture.md). */
export function registerTorture(program: Command, screen: Screen): void {
  program
    .command('torture')
    .description('kills, hung tokens, full disks and lost answers under load; examines what is on record')
    .option('--steps <count>', 'how many steps to take; most of them are requests', count, 2_000)
    .option('--seed <number>', 'repeats the chance of an earlier run', count)
    .option('--stations <count>', 'requests on their way at the same time', count, 16)
    .option('--folder <dir>', 'disk to work on: an instance is made in it', homePath, tmpdir())
    .option('--module <file>', 'PKCS#11 module of a token to work on; SoftHSM otherwise', homePath)
    .option('--token-label <label>', 'label of that token')
    .option('--pin-file <file>', 'its PIN, in a file that nobody else can read', homePath)
    .option('--token-environment <NAME=VALUE>', 'environment of that module; may be repeated', pair, {})
    .option(
      '--key-algorithm <PROFILE=NAME>',
      'for a token that lacks the usual one; may be repeated',
      pair,
      {},
    )
    .option('--faulty-module <file>', 'C source of a module in between, for faults of the token', homePath)
    .option('--home <dir>', 'development instance to use; one is made otherwise', homePath)
    .option(
      '--discard <dir>',
      'remove what a failed run has left, with its keys, and do nothing else',
      homePath,
    )
    .option('--json', 'one JSON object')
    .action(async (options: TortureCommandOptions) => {
      if (options.discard !== undefined) {
        await discardThrowaway(options.discard);
        return;
      }
      const seed = options.seed ?? screen.now().getTime() % 1_000_000_000;
      const interrupted = new AbortController();
      const interrupt = () => interrupted.abort();
      process.once('SIGINT', interrupt);
      process.once('SIGTERM', interrupt);
      const { instance, module } = await instanceOf(options, seed);
      const { home } = instance.paths;
      if (options.json !== true) screen.stdout.write(`seed ${seed}, instance ${home}\n`);
      const result = await torture({
        instance,
        module,
        seed,
        steps: options.steps,
        stations: options.stations,
        now: () => screen.now(),
        signal: interrupted.signal,
        progress: (done) => options.json === true || screen.stdout.write(`${progressLine(done)}\n`),
      });
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      const isInterrupted = interrupted.signal.aborted;
      const holds = result.breaches.length === 0 && !isInterrupted;
      const repeat = repeatedBy(process.argv.slice(2), seed);
      screen.stdout.write(
        options.json === true
          ? `${JSON.stringify({ seed, interrupted: isInterrupted, repeat, ...result })}\n`
          : text(screen, result, { holds, repeat, home }),
      );
      // What does not hold stays there to be looked at.
      if (result.breaches.length === 0 && options.home === undefined) await discardThrowaway(home);
      screen.exit(holds ? 0 : 1);
    });
}

function count(value: string): number {
  if (!/^\d{1,9}$/.test(value) || value === '0')
    throw new InvalidArgumentError('write a whole number from 1.');
  return Number(value);
}

function pair(value: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const [, name, content] = /^([A-Za-z_][\w-]*)=(.*)$/.exec(value) ?? [];
  if (name === undefined || content === undefined) throw new InvalidArgumentError('write NAME=VALUE.');
  return { ...before, [name]: content };
}

async function instanceOf(options: TortureCommandOptions, seed: number): Promise<Throwaway> {
  if (options.home === undefined) {
    const { folder, keyAlgorithm: keyAlgorithms, faultyModule } = options;
    const token = tokenOf(options);
    return makeThrowaway({ folder, seed, policies: shippedPolicies, token, keyAlgorithms, faultyModule });
  }
  const instance = loadInstance(options.home);
  if (instance.configuration.environment === 'development') return { instance, module: undefined };
  throw new Refused(
    'policy',
    'only a development instance may be tortured: it signs for chips that do not exist',
    {
      field: 'home',
      mend: 'leave --home out, and name disk and token with --folder and --module',
    },
  );
}

function tokenOf(options: TortureCommandOptions): TokenAtHand | undefined {
  const { module, tokenLabel, pinFile, tokenEnvironment } = options;
  if (module === undefined) return undefined;
  if (!existsSync(module)) throw new MalformedInput('--module', `${module} is not there`);
  if (tokenLabel === undefined)
    throw new MalformedInput('--token-label', 'is missing: it goes with --module');
  if (pinFile === undefined) throw new MalformedInput('--pin-file', 'is missing: it goes with --module');
  return { module, tokenLabel, pinFile, environment: { ...tokenEnvironment } };
}

/** The command of this run, with its seed. */
function repeatedBy(args: readonly string[], seed: number): string {
  const command = args.includes('--seed') ? args : [...args, '--seed', String(seed)];
  return `sigillo ${command.join(' ')}`;
}

function progressLine(totals: TortureTotals): string {
  const { steps, answered, repeated, conflictsRefused, answersLost, disturbances } = totals;
  const disturbed = Object.values(disturbances).reduce((sum, number) => sum + number, 0);
  return `${steps} steps, ${disturbed} disturbances: ${answered} SODs answered, ${repeated} repeats, ${answersLost} answers lost, ${conflictsRefused} conflicts refused`;
}

function text(
  screen: Screen,
  { totals, recorded, fullDisk, breaches }: TortureResult,
  { holds, repeat, home }: { readonly holds: boolean; readonly repeat: string; readonly home: string },
): string {
  const lines = [
    '',
    `steps                ${totals.steps}`,
    `SODs answered        ${totals.answered}, on record ${recorded}`,
    `repeats              ${totals.repeated}, each with the same bytes`,
    `conflicts refused    ${totals.conflictsRefused}`,
    `answers lost         ${totals.answersLost}, asked for again`,
    `sent again           ${totals.sentAgain} requests, while the service was away`,
    ...Object.entries(totals.disturbances).map(([name, number]) => `${name.padEnd(20)} ${number}`),
    ...(totals.restartsByHand === 0
      ? []
      : [`restarts by hand     ${totals.restartsByHand}, each after a wrong signature of the token`]),
    `examinations         ${totals.examinations} of I1 to I6 and I8 (there is no quorum yet for I7)`,
    `longest recovery     ${totals.longestRecoveryMs} ms`,
    ...(fullDisk === undefined ? ['no full disk: neither a small file system nor prlimit is there'] : []),
    ...breaches.map(({ invariant, detail }) =>
      paint(screen, 'red', `${invariant} does not hold: ${printable(detail)}`),
    ),
    holds ? paint(screen, 'green', 'Every invariant holds.') : paint(screen, 'red', 'Not passed.'),
    ...(holds ? [] : [`again: ${repeat}`]),
    ...(breaches.length === 0
      ? []
      : [`everything lies in ${home}; sigillo torture --discard ${home} removes it`]),
  ];
  return `${lines.join('\n')}\n`;
}
