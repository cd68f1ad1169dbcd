import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { keyAlgorithms } from '../../formats/algorithms/signature-algorithms.ts';
import { runBareLoop } from '../bench/bare-limit.ts';
import { runCrlActs } from '../bench/crl-act.ts';
import type { GrowthMeasurement } from '../bench/growth-bench.ts';
import { putPeerObjects } from '../bench/java-peer.ts';
import { type Measurement, median, threeDigits } from '../bench/measurement.ts';
import { runBench } from '../bench/run-bench.ts';
import type { SodMeasurement } from '../bench/sod-bench.ts';
import { runTlsEcho } from '../bench/tls-echo.ts';
import { homePath, shippedPolicies } from './instance-options.ts';
import { paint, type Screen } from './screen.ts';
import { untilToldToEnd } from './serve.ts';

interface BenchCommandOptions {
  readonly algorithms: readonly string[];
  readonly seconds: number;
  readonly rounds: number;
  readonly inFlight: number;
  readonly batchLines: number;
  readonly stations: number;
  readonly logLeaves: number;
  readonly peer: boolean;
  readonly growth?: readonly number[];
  readonly profile?: string;
  readonly flame?: string;
  readonly json?: boolean;
}

const usualAlgorithms = [
  'ecdsa-P-256-sha256',
  'ecdsa-brainpoolP256r1-sha256',
  'ecdsa-P-384-sha384',
  'rsassa-pss-3072-sha256',
];

/** `sigillo bench`: what this machine reaches, beside the bare limit of the same token in the same run. */
export function registerBench(program: Command, screen: Screen): void {
  program
    .command('bench')
    .description('measure a private instance against the bare limit of the token')
    .option('--algorithms <names>', 'key algorithms, with commas between', algorithmList, usualAlgorithms)
    .option('--seconds <n>', 'length of a round', positive, 3)
    .option('--rounds <n>', 'rounds of each side, taken in turns', wholeNumber, 3)
    .option('--in-flight <n>', 'requests under way at a time', wholeNumber, 32)
    .option('--batch-lines <n>', 'lines of the batch that memory is measured with', wholeNumber, 100_000)
    .option('--stations <n>', 'stations connected at once, to measure memory with', wholeNumber, 700)
    .option('--log-leaves <n>', 'leaves that the log is grown to', wholeNumber, 1_000_000)
    .option('--no-peer', 'not beside Bouncy Castle with SunPKCS11, which takes longest')
    .option('--growth <counts>', 'only what SODs on record do to the next, e.g. 1000,100000', countList)
    .option('--profile <dir>', 'write CPU profiles of service and signers', (path) => resolve(path))
    .option('--flame <file>', 'write a flame graph of the service, SVG', (path) => resolve(path))
    .option('--json', 'one JSON object a line')
    .action((options: BenchCommandOptions) => bench(options, screen));

  program
    .command('bench-limit', { hidden: true })
    .description('the bare loop; started by bench')
    .requiredOption('--home <dir>', 'folder of the instance', homePath)
    .action(({ home }: { home: string }) => runBareLoop(home));

  program
    .command('bench-crl', { hidden: true })
    .description('CRLs with many entries; started by bench')
    .requiredOption('--home <dir>', 'folder of the instance', homePath)
    .argument('<entries>', 'entries of the first CRL', wholeNumber)
    .argument('<next>', 'CRLs after it', wholeNumber)
    .action((entries: number, next: number, { home }: { home: string }) => runCrlActs(home, entries, next));

  program
    .command('bench-peer-objects', { hidden: true })
    .description('certificates beside keys; started by bench')
    .requiredOption('--home <dir>', 'folder of the instance', homePath)
    .argument('<keys...>', 'CKA_ID, hexadecimal')
    .action((keyIds: readonly string[], { home }: { home: string }) => {
      screen.stdout.write(`${putPeerObjects(home, keyIds)}\n`);
    });

  program
    .command('bench-tls', { hidden: true })
    .description('TLS by itself; started by bench')
    .requiredOption('--home <dir>', 'folder of the instance', homePath)
    .action(({ home }: { home: string }) => runTlsEcho(home));
}

async function bench(options: BenchCommandOptions, screen: Screen): Promise<void> {
  const { json = false, profile, flame, growth, ...measured } = options;
  const interrupted = new AbortController();
  untilToldToEnd().then(
    () => interrupted.abort(),
    () => undefined,
  );
  const line = (text: string) => screen.stdout.write(`${text}\n`);
  if (!json) line(heading(screen, options));
  try {
    await runBench(
      { ...measured, policies: shippedPolicies, profiles: profile, flame, growth },
      {
        progress: (doing) => screen.stderr.write(json ? '' : paint(screen, 'dim', `  … ${doing}\n`)),
        skipped: (what, why) => screen.stderr.write(`${what}: not measured, ${why}\n`),
        measured: (measurement) => line(json ? JSON.stringify(rounded(measurement)) : row(measurement)),
      },
      interrupted.signal,
    );
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    screen.exit(1);
  }
}

/** Every figure with the digits that mean something. */
function rounded(measurement: Measurement): unknown {
  return JSON.parse(JSON.stringify(measurement), (_, value: unknown) => {
    return typeof value === 'number' && !Number.isInteger(value) ? threeDigits(value) : value;
  });
}

const widths = [12, 30, 20, 20, 18, 8, 8, 22, 8, 9] as const;

function columns(cells: readonly string[]): string {
  return cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('');
}

function heading(screen: Screen, { seconds, rounds, inFlight }: BenchCommandOptions): string {
  const captions = [
    'bench',
    'algorithm',
    'SOD/s',
    'limit/s',
    'ratio',
    'p50 ms',
    'p99 ms',
    'CPU µs: svc+sign+load',
    'load',
    'octets',
  ];
  return [
    `SODs through the station API, single with ${inFlight} in flight and in batches, against a bare loop of C_Sign and OpenSSL verify;`,
    `${rounds} rounds of ${seconds} s of each in turns: median (least–most)`,
    paint(screen, 'bold', columns(captions)),
  ].join('\n');
}

function row(measurement: Measurement): string {
  if (isGrowth(measurement)) return growthRow(measurement);
  if (!isSods(measurement)) {
    const { bench, algorithm, ours, unit, limit, ratio, rounds, against } = measurement;
    const all = rounds.map((round) => threeDigits(round.ours)).join(', ');
    const figures = `${threeDigits(ours)} ${unit} (${all}), limit ${threeDigits(limit)} ${unit}`;
    const name = algorithm === undefined ? bench : `${bench} ${algorithm}`;
    return `${name}: ${figures}, ratio ${ratio.toFixed(2)} (${against})`;
  }
  const { rounds, cpuUs } = measurement;
  return columns([
    measurement.bench,
    measurement.algorithm,
    spread(rounds.map(({ ours }) => ours)),
    spread(rounds.map(({ limit }) => limit)),
    spread(
      rounds.map(({ ours, limit }) => ours / limit),
      2,
    ),
    measurement.p50Ms?.toFixed(1) ?? '–',
    measurement.p99Ms?.toFixed(1) ?? '–',
    [cpuUs.service, cpuUs.signers, cpuUs.load].map((us) => us.toFixed(0)).join('+'),
    `${(measurement.loadShare * 100).toFixed(0)} %`,
    measurement.recordOctets.toFixed(0),
  ]);
}

function growthRow(of: GrowthMeasurement): string {
  const rate = `${threeDigits(of.ours)} SOD/s, ratio ${of.ratio.toFixed(2)} (${of.against})`;
  const latency = (p50: number, p99: number) => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
  const octets = `${of.octetsPerSod.toFixed(0)} octets a SOD`;
  return [
    `growth ${of.recorded}: ${rate}; ${latency(of.p50Ms, of.p99Ms)}`,
    `with few: ${latency(of.baseP50Ms, of.baseP99Ms)}; at most ${of.peakMib.toFixed(0)} MiB; ${octets}`,
  ].join('; ');
}

function isGrowth(measurement: Measurement): measurement is GrowthMeasurement {
  return measurement.bench === 'growth';
}

function isSods(measurement: Measurement): measurement is SodMeasurement {
  return measurement.bench === 'sod-single' || measurement.bench === 'sod-batch';
}

function spread(values: readonly number[], decimals = 0): string {
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)];
  return `${middle.toFixed(decimals)} (${least.toFixed(decimals)}–${most.toFixed(decimals)})`;
}

function algorithmList(value: string): readonly string[] {
  const names = value.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !keyAlgorithms.has(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`${unknown} is none of ${[...keyAlgorithms.keys()].join(', ')}.`);
  }
  return names;
}

function countList(value: string): readonly number[] {
  return value
    .split(',')
    .map(wholeNumber)
    .toSorted((a, b) => a - b);
}

function positive(value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('write a number above 0.');
  return number;
}

function wholeNumber(value: string): number {
  const number = positive(value);
  if (!Number.isInteger(number)) throw new InvalidArgumentError('write a whole number above 0.');
  return number;
}
