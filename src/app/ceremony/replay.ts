import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemRandom } from '../../adapters/clock/index.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { decodeCrl } from '../../formats/x509/crl.ts';
import type { CeremonyStep } from '../../rules/ceremony/ceremony-file.ts';
import {
  type DoneEntry,
  doneSteps,
  type OpenEntry,
  parseTranscript,
} from '../../rules/ceremony/transcript.ts';
import { parseResponseBundle } from '../../rules/exchange/response-bundle.ts';
import type { IssuingState } from '../../rules/profile/issuing-state.ts';
import type { CeremonyDeps } from '../../services/ceremony/ceremony-deps.ts';
import type { CeremonyFolder } from '../../services/ceremony/ceremony-folder.ts';
import { performStep } from '../../services/ceremony/ceremony-steps.ts';
import { ProductChecker } from '../../services/ceremony/check-products.ts';
import { differences } from '../../services/ceremony/compare-products.ts';
import { prepareCeremony } from '../../services/ceremony/run-ceremony.ts';
import { isServiceError } from '../../services/errors.ts';
import type { Clock, Random } from '../../services/ports.ts';
import { readBytes } from '../cli/files.ts';
import { loadOfflineInstance } from '../instance/load-instance.ts';
import { mainModule, openInstance } from '../instance/open-instance.ts';
import { exchangeDeps } from './ceremony-session.ts';
import { changeRehearsal, layOutRehearsal, type RehearsalOptions } from './offline-instance.ts';
import { readRecorded, type RecordedCeremony, verifyCeremony } from './verify.ts';

export interface ReplayOptions {
  /** Ceremony file; the one beside the transcript where absent. */
  readonly file?: string | undefined;
  readonly software: string;
  readonly say: (text: string) => void;
}

/**
 * Carries a recorded ceremony out again on a scratch token, after those that came before it in its instance, and
 * compares every product; checks what was recorded with the recorded keys.
 *
 * @returns one sentence for each thing that does not hold, with its step
 * @throws UnreadablePath, Unavailable without SoftHSM
 */
export async function replayCeremony(path: string, options: ReplayOptions): Promise<readonly string[]> {
  const broken = verifyCeremony(path, { file: options.file });
  if (broken.length > 0) return broken;
  const chain = ceremoniesUpTo(readRecorded(path, options.file));
  const home = mkdtempSync(join(tmpdir(), 'sigillo-replay-'));
  try {
    const checker = new ProductChecker();
    const findings: string[] = [];
    for (const recorded of chain) {
      options.say(`replaying ceremony ${recorded.ceremony.ceremony}`);
      const replayed = await replayOne(home, recorded, options);
      findings.push(
        ...[...checker.check(recorded.ceremony, doneSteps(recorded.transcript)), ...replayed].map(
          (finding) => `${recorded.ceremony.ceremony}: ${finding}`,
        ),
      );
    }
    return findings;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The ceremonies of the instance up to this one, by the digests that chain them; their folders lie side by side. */
function ceremoniesUpTo(last: RecordedCeremony): readonly RecordedCeremony[] {
  const previous = last.transcript.entries[0]?.previous ?? null;
  if (previous === null) return [last];
  const parent = dirname(last.directory);
  const before = readdirSync(parent)
    .map((name) => join(parent, name, 'transcript.jsonl'))
    .find((path) => existsSync(path) && parseTranscript(readBytes(path)).head === previous);
  if (before !== undefined) return [...ceremoniesUpTo(readRecorded(before)), last];
  throw new MalformedInput(parent, `holds no ceremony with the seal ${previous}, which this one follows`);
}

/** What products depend on, as the transcript has it. */
interface Setting {
  readonly environment: 'development' | 'production';
  readonly state: IssuingState;
  readonly partner: { readonly instanceId: string; readonly publicKey: string } | null;
}

async function replayOne(
  home: string,
  recorded: RecordedCeremony,
  { software, say }: ReplayOptions,
): Promise<readonly string[]> {
  const [open] = recorded.transcript.entries;
  if (open?.event !== 'open') throw new MalformedInput(recorded.directory, 'has no transcript');
  layOut(home, recorded, open);
  const time = new RecordedTime(open.at);
  const instance = loadOfflineInstance(home);
  const scratch = openInstance(instance, { processes: 1, onEvent: () => undefined, clock: time });
  try {
    const chance = new RecordedChance();
    const deps: CeremonyDeps = {
      ...(await exchangeDeps(instance, scratch)),
      clock: time,
      random: chance,
      instanceId: open.instanceId,
      folder: new MemoryFolder(recorded),
      environment: instance.configuration.environment,
      software,
      token: { ...(await scratch.signer.status()), label: open.token.label },
      before: undefined,
    };
    return await replaySteps(deps, recorded, time, chance, say);
  } catch (error) {
    if (!isServiceError(error) || error.kind === 'unavailable') throw error;
    return [error.message];
  } finally {
    scratch.close();
  }
}

function layOut(home: string, { directory }: RecordedCeremony, open: OpenEntry): void {
  const { environment, state, partner } = JSON.parse(open.setting) as Setting;
  const options: RehearsalOptions = {
    home,
    policies: join(directory, 'policies'),
    main: mainModule,
    state,
    environment,
    tokenLabel: 'replay',
    partner: partner ?? undefined,
  };
  if (existsSync(join(home, 'sigillo.yaml'))) changeRehearsal(options);
  else layOutRehearsal(options);
}

async function replaySteps(
  deps: CeremonyDeps,
  { ceremony, transcript }: RecordedCeremony,
  time: RecordedTime,
  chance: RecordedChance,
  say: (text: string) => void,
): Promise<readonly string[]> {
  const [open] = transcript.entries;
  await prepareCeremony(
    deps,
    ceremony,
    (open?.who ?? []).map(({ name }) => name),
  );
  const done = doneSteps(transcript);
  const findings: string[] = [];
  for (const [index, step] of ceremony.steps.entries()) {
    const begin = transcript.entries.find((entry) => entry.event === 'begin' && entry.step === index);
    const entry = done.get(index);
    if (begin?.event !== 'begin' || entry === undefined) continue;
    say(`  step ${index + 1} ${step.step}`);
    time.set(begin.at);
    const moments = recordedMoments(step, entry);
    const next = () => {
      const moment = moments.shift();
      if (moment === undefined) return;
      time.set(moment.at);
      if (moment.serialNumber !== undefined) chance.give(moment.serialNumber);
    };
    if (step.step !== 'process-request') next();
    const run = { begunAt: time.now(), material: begin.material ?? undefined };
    const product = await performStep(deps, step, run, next);
    findings.push(...differences(step, entry.product, product).map((text) => `step ${index + 1}: ${text}`));
  }
  return findings;
}

/** When something was issued, under which number. */
interface Moment {
  readonly at: Date;
  readonly serialNumber?: bigint;
}

/** The times and serial numbers that a step's products had, in the order in which they were made. */
function recordedMoments(step: CeremonyStep, { product }: DoneEntry): Moment[] {
  switch (step.step) {
    case 'issue-certificate':
    case 'issue-link':
      return [momentOf(product)];
    case 'sign-crl':
      return [{ at: decodeCrl(product, { strict: true }).thisUpdate }];
    case 'process-request': {
      const { certificates, crl } = parseResponseBundle(product).content;
      const issued = certificates.map(({ certificate }) => momentOf(certificate));
      return [...issued, { at: decodeCrl(crl, { strict: true }).thisUpdate }];
    }
    case 'make-key':
    case 'export':
      return [];
  }
}

function momentOf(der: Uint8Array): Moment {
  const { notBefore, serialNumber } = decodeCertificate(der, { strict: true });
  return { at: notBefore, serialNumber };
}

class RecordedTime implements Clock {
  #now: Date;

  constructor(now: Date) {
    this.#now = now;
  }

  now(): Date {
    return this.#now;
  }

  set(now: Date): void {
    this.#now = now;
  }
}

/** Gives the serial numbers that were drawn then; all else is drawn anew. */
class RecordedChance implements Random {
  #given: Uint8Array | undefined;

  /** The octets from which a serial number is made: all but its first, which is always 1. */
  give(serialNumber: bigint): void {
    this.#given = Uint8Array.from(Buffer.from(serialNumber.toString(16).slice(1), 'hex'));
  }

  octets(count: number): Uint8Array {
    const given = this.#given;
    this.#given = undefined;
    return given?.length === count ? given : systemRandom.octets(count);
  }
}

/** Nothing of a replay is kept. */
class MemoryFolder implements CeremonyFolder {
  readonly #recorded: RecordedCeremony;
  readonly #outputs = new Map<string, Uint8Array>();

  constructor(recorded: RecordedCeremony) {
    this.#recorded = recorded;
  }

  transcript(): Uint8Array {
    return new Uint8Array();
  }

  keepTranscript(): void {}

  append(): void {}

  output(name: string): Uint8Array | undefined {
    return this.#outputs.get(name);
  }

  writeOutput(name: string, octets: Uint8Array): void {
    this.#outputs.set(name, octets);
  }

  bundle(path: string): Uint8Array {
    const { ceremony, transcript } = this.#recorded;
    const index = ceremony.steps.findIndex((step) => step.step === 'process-request' && step.bundle === path);
    const begin = transcript.entries.find((entry) => entry.event === 'begin' && entry.step === index);
    if (begin?.event === 'begin' && begin.material !== null) return begin.material;
    throw new MalformedInput(path, 'is not in the transcript');
  }
}
