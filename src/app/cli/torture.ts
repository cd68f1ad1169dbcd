import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { layOutDevelopment } from '../instance/development.ts';
import { loadInstance } from '../instance/load-instance.ts';
import { mainModule } from '../instance/open-instance.ts';
import { Chance } from '../torture/chance.ts';
import { freePortBase, torture, type TortureResult, type TortureTotals } from '../torture/torture.ts';
import { homePath, shippedPolicies } from './instance-options.ts';
import { paint, type Screen } from './screen.ts';

interface TortureOptions {
  readonly home?: string;
  readonly kills: number;
  readonly stations: number;
  readonly seed?: number;
  readonly json?: boolean;
}

/** `sigillo torture`: kill -9 at random moments under load, and what every kill left on record. */
export function registerTorture(program: Command, screen: Screen): void {
  program
    .command('torture')
    .description('kill service and signers at random moments under load and examine what is on record')
    .option('--home <dir>', 'development instance to use; a private one is made otherwise', homePath)
    .option('--kills <count>', 'how often to kill', count, 200)
    .option('--stations <count>', 'stations that send at the same time', count, 16)
    .option('--seed <number>', 'repeats the chance of an earlier run', count)
    .option('--json', 'one JSON object')
    .action(async (options: TortureOptions) => {
      const seed = options.seed ?? screen.now().getTime() % 1_000_000_000;
      const interrupted = new AbortController();
      const interrupt = () => interrupted.abort();
      process.once('SIGINT', interrupt);
      process.once('SIGTERM', interrupt);
      const { home, discard } = await instanceFolder(options.home, seed);
      if (options.json !== true) screen.stdout.write(`seed ${seed}, instance ${home}\n`);
      const result = await torture({
        instance: loadInstance(home),
        seed,
        kills: options.kills,
        stations: options.stations,
        now: () => screen.now(),
        signal: interrupted.signal,
        progress: (done) => options.json === true || screen.stdout.write(`${progressLine(done)}\n`),
      });
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      const holds = result.breaches.length === 0 && !interrupted.signal.aborted;
      const output = { seed, interrupted: interrupted.signal.aborted, ...result };
      screen.stdout.write(
        options.json === true ? `${JSON.stringify(output)}\n` : text(screen, result, holds),
      );
      // What does not hold stays there to be looked at.
      if (result.breaches.length === 0) discard();
      screen.exit(holds ? 0 : 1);
    });
}

function count(value: string): number {
  if (!/^\d{1,9}$/.test(value) || value === '0')
    throw new InvalidArgumentError('write a whole number from 1.');
  return Number(value);
}

async function instanceFolder(home: string | undefined, seed: number) {
  if (home !== undefined) return { home, discard: () => undefined };
  const made = mkdtempSync(join(tmpdir(), 'sigillo-torture-'));
  const portBase = await freePortBase(new Chance(seed, 'ports'));
  layOutDevelopment({ home: made, portBase, policies: shippedPolicies, main: mainModule });
  return { home: made, discard: () => rmSync(made, { recursive: true, force: true }) };
}

function progressLine(totals: TortureTotals): string {
  const { answered, repeated, conflictsRefused, killsOfService, killsOfSigner } = totals;
  return `${killsOfService + killsOfSigner} kills: ${answered} SODs answered, ${repeated} repeats, ${conflictsRefused} conflicts refused`;
}

function text(screen: Screen, { totals, recorded, breaches }: TortureResult, holds: boolean): string {
  const lines = [
    '',
    `SODs answered        ${totals.answered}, on record ${recorded}`,
    `repeats              ${totals.repeated}, each with the same bytes`,
    `conflicts refused    ${totals.conflictsRefused}`,
    `sent again           ${totals.sentAgain} requests, while the service was away`,
    `kills of the service ${totals.killsOfService}, of these ${totals.killsWhileStarting} while it was starting`,
    `kills of a signer    ${totals.killsOfSigner}`,
    `longest recovery     ${totals.longestRecoveryMs} ms`,
    ...breaches.map(({ invariant, detail }) => paint(screen, 'red', `${invariant} does not hold: ${detail}`)),
    holds ? paint(screen, 'green', 'Every invariant holds.') : paint(screen, 'red', 'Not passed.'),
  ];
  return `${lines.join('\n')}\n`;
}
