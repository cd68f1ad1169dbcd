import { type Command, InvalidArgumentError } from 'commander';
import { returnValueMend } from '../../../hsm/pkcs11-error.ts';
import { returnValueName } from '../../../hsm/return-values.ts';
import type { TracedCall } from '../../../hsm/trace/trace-file.ts';
import { isAlive, readTraceFolder } from '../../../hsm/trace/trace-folder.ts';
import { instancePaths } from '../instance/load-instance.ts';
import { defaultHome, homePath } from './instance-options.ts';
import { paint, type Screen } from './screen.ts';
import { registerTokenMeasure } from './token-measure.ts';

interface TraceOptions {
  readonly home: string;
  readonly last: number;
  readonly since?: Date;
  readonly errors?: boolean;
  readonly json?: boolean;
}

/** `sigillo token trace`: what the signers asked their tokens, what came back and how long it took. */
export function registerToken(program: Command, screen: Screen): void {
  const token = program.command('token').description('the token, as the signer processes see it');
  registerTokenMeasure(token, screen);
  token
    .command('trace')
    .description('the last calls to the PKCS#11 module, with return values and latencies')
    .option('--last <n>', 'calls to show', count, 40)
    .option('--since <time>', 'only calls since this time: ISO 8601, or 10m, 2h, 1d ago', (text) =>
      instant(text, screen.now()),
    )
    .option('--errors', 'only calls that failed or never came back, each with the calls before it')
    .option('--home <dir>', 'folder of the instance', homePath, homePath(defaultHome))
    .option('--json', 'one JSON object a line')
    .action((options: TraceOptions) => trace(options, screen));
}

/** How many calls before a fault are shown with it. */
const leadingUp = 6;

function trace({ home, last, since, errors, json }: TraceOptions, screen: Screen): void {
  const all = readTraceFolder(instancePaths(home).trace);
  const recent = since === undefined ? all : all.filter(({ start }) => start >= since.getTime());
  const shown = (errors === true ? aroundFaults(recent) : recent).slice(-last);
  screen.exit(recent.length === 0 ? 1 : 0);
  if (json === true) {
    for (const call of shown) screen.stdout.write(`${JSON.stringify(asJson(call))}\n`);
    return;
  }
  if (recent.length === 0) {
    screen.stderr.write('sigillo: no calls are on record; signer processes record them while they run\n');
    return;
  }
  screen.stdout.write(`${summary(screen, recent)}\n\n`);
  let pid = 0;
  for (const call of shown) {
    if (call.pid !== pid) screen.stdout.write(`${processLine(screen, call.pid)}\n`);
    pid = call.pid;
    screen.stdout.write(`${callLine(screen, call)}\n`);
  }
}

/** Not come back: under way if the process runs, otherwise what it ended in. */
function isFault(call: TracedCall): boolean {
  return isUnanswered(call) || (call.duration !== undefined && call.returnValue !== 0);
}

/** A process that runs is in at most its last call; the time says whether it hangs there. */
function isUnanswered({ duration, pid }: TracedCall): boolean {
  return duration === undefined && !isAlive(pid);
}

function aroundFaults(calls: readonly TracedCall[]): readonly TracedCall[] {
  const shown = new Set<TracedCall>();
  for (const [pid, own] of Map.groupBy(calls, (call) => call.pid)) {
    for (const [index, call] of own.entries()) {
      if (call.pid !== pid || !isFault(call)) continue;
      for (const each of own.slice(Math.max(0, index - leadingUp), index + 1)) shown.add(each);
    }
  }
  return calls.filter((call) => shown.has(call));
}

function summary(screen: Screen, calls: readonly TracedCall[]): string {
  const [first] = calls;
  const final = calls.at(-1);
  const pids = new Set(calls.map(({ pid }) => pid));
  const lines = [
    `${calls.length} calls of ${pids.size} signer ${pids.size === 1 ? 'process' : 'processes'}, ` +
      `${time(first?.start ?? 0)} to ${time(final?.start ?? 0)} UTC`,
  ];
  const faults = Map.groupBy(calls.filter(isFault), (call) => `${result(call)} from ${call.function}`);
  for (const [what, same] of faults) {
    const mend = returnValueMend(returnValueName(same[0]?.returnValue ?? 0));
    const text = `${same.length} × ${what}, last at ${time(same.at(-1)?.start ?? 0)}`;
    lines.push(paint(screen, 'red', text) + (mend === undefined ? '' : `\n    mend: ${mend}`));
  }
  if (faults.size === 0) lines.push('no call failed');
  for (const name of ['C_Sign', 'C_Login']) {
    const times = calls.flatMap(({ function: each, duration }) =>
      each === name && duration !== undefined ? [duration] : [],
    );
    if (times.length > 0) lines.push(`${name}: ${latencies(times)}`);
  }
  return lines.join('\n');
}

function latencies(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return `${sorted.length} times, ${milliseconds(middle)} in the middle, ${milliseconds(sorted.at(-1) ?? 0)} at most`;
}

function processLine(screen: Screen, pid: number): string {
  return paint(screen, 'bold', `signer ${pid} (${isAlive(pid) ? 'running' : 'ended'})`);
}

function callLine(screen: Screen, call: TracedCall): string {
  const where = call.slot === 0 ? `session ${call.session}` : `slot ${call.slot}`;
  const what = [
    time(call.start),
    call.function.padEnd(19),
    (call.slot === 0 && call.session === 0 ? '' : where).padEnd(16),
    (call.keyId === '' ? '' : `key ${call.keyId.slice(0, 8)}`).padEnd(12),
    (call.duration === undefined ? '' : milliseconds(call.duration)).padStart(11),
    result(call),
  ].join(' ');
  return isFault(call) ? paint(screen, 'red', what) : what;
}

function result(call: TracedCall): string {
  if (call.duration !== undefined) return returnValueName(call.returnValue);
  return isUnanswered(call) ? 'no answer before the process ended' : 'under way';
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 3 : 0)} ms`;
}

function time(start: number): string {
  return new Date(start).toISOString().replace('T', ' ').replace('Z', '');
}

function asJson(call: TracedCall): object {
  return {
    pid: call.pid,
    number: call.number,
    time: new Date(call.start).toISOString(),
    function: call.function,
    ...(call.slot === 0 ? {} : { slot: call.slot }),
    ...(call.session === 0 ? {} : { session: call.session }),
    ...(call.keyId === '' ? {} : { keyId: call.keyId }),
    ...(call.mechanism === 0 ? {} : { mechanism: `0x${call.mechanism.toString(16)}` }),
    ...(call.inputOctets === 0 ? {} : { inputOctets: call.inputOctets }),
    ...(call.duration === undefined
      ? { returnValue: null, milliseconds: null, isUnderWay: !isUnanswered(call) }
      : { returnValue: returnValueName(call.returnValue), milliseconds: Number(call.duration.toFixed(4)) }),
  };
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('write a whole number from 1.');
  return value;
}

function instant(text: string, now: Date): Date {
  const [, number, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (number !== undefined && unit !== undefined) {
    const seconds = { s: 1, m: 60, h: 3_600, d: 86_400 }[unit] ?? 0;
    return new Date(now.getTime() - Number(number) * seconds * 1_000);
  }
  const date = new Date(text);
  if (Number.isNaN(date.getTime()))
    throw new InvalidArgumentError('write 10m or a time such as 2026-11-21T03:00Z.');
  return date;
}
