import { encodeCanonicalJson, type JsonValue } from '../../formats/canonical-json.ts';
import { type Ceremony, describeStep, stepDigest } from '../../rules/ceremony/ceremony-file.ts';
import {
  digestOf,
  doneSteps,
  encodeEntry,
  type EntryContent,
  isSealed,
  type OpenEntry,
  parseTranscript,
  type Transcript,
} from '../../rules/ceremony/transcript.ts';
import { toBase64 } from '../../rules/exchange/fields.ts';
import { InvariantBroken, type Refused } from '../errors.ts';
import { recoverIssuance } from '../issuance/recover-issuance.ts';
import { ceremonyRefusal, type CeremonyDeps, type Present } from './ceremony-deps.ts';
import { assertFeasible, foresee, performStep } from './ceremony-steps.ts';

/** A ceremony that may be carried out now, from a step on. */
export interface PreparedCeremony {
  readonly ceremony: Ceremony;
  readonly present: Present;
  readonly transcript: Transcript;
  /** Octets of a line that a crash left unfinished. */
  readonly lostOctets: number;
  /** How many steps are done already. */
  readonly done: number;
}

/**
 * Holds a ceremony against instance, token, witnesses, clock and everything that is there. Nothing is made and
 * nothing is written.
 *
 * @param names those who have confirmed that they are present
 * @throws Refused with rule and mend, MalformedInput
 */
export async function prepareCeremony(
  deps: CeremonyDeps,
  ceremony: Ceremony,
  names: readonly string[],
): Promise<PreparedCeremony> {
  assertInstance(deps, ceremony);
  const present = assertPresent(ceremony, names);
  const octets = deps.folder.transcript();
  const transcript = parseTranscript(octets);
  const [open] = transcript.entries;
  if (isSealed(transcript)) {
    const detail = `ceremony ${ceremony.ceremony} was carried out`;
    throw ceremonyRefusal('K-DONE', detail, 'ceremony', 'a ceremony is carried out once; write another');
  }
  if (open?.event === 'open') assertSame(deps, ceremony, open);
  if (open === undefined) assertOthersDone(deps);
  await assertClock(deps, transcript);
  const done = doneSteps(transcript).size;
  const foreseen = await foresee(deps);
  for (const [index, step] of ceremony.steps.entries()) {
    if (index < done) continue;
    const isBegun = transcript.entries.some((entry) => entry.event === 'begin' && entry.step === index);
    await assertFeasible(deps, step, foreseen, isBegun);
  }
  return { ceremony, present, transcript, lostOctets: octets.length - transcript.wholeOctets, done };
}

function assertInstance(deps: CeremonyDeps, { instance, token, policyDigest }: Ceremony): void {
  const refuse = (rule: string, field: string, wanted: string, got: string, mend: string): never => {
    throw ceremonyRefusal(rule, `the ceremony is for ${wanted}, and this is ${got}`, field, mend);
  };
  const here = 'run it on the machine that it was written for';
  if (instance.id !== undefined && instance.id !== deps.instanceId) {
    refuse('K-INSTANCE', 'instance.id', instance.id, deps.instanceId, here);
  }
  if (instance.environment !== deps.environment) {
    refuse('K-INSTANCE', 'instance.environment', instance.environment, deps.environment, here);
  }
  if (instance.country !== deps.state.country) {
    refuse('K-INSTANCE', 'instance.country', instance.country, deps.state.country, here);
  }
  if (instance.organization !== deps.state.organization) {
    refuse('K-INSTANCE', 'instance.organization', instance.organization, deps.state.organization, here);
  }
  if (token.label !== deps.token.label) {
    refuse('K-TOKEN', 'token.label', token.label, deps.token.label, 'put in the token that it names');
  }
  if (policyDigest !== undefined && policyDigest !== deps.policies.digest) {
    const mend = 'review the policies, and write the ceremony for those that are here';
    refuse('K-POLICY', 'policyDigest', policyDigest, deps.policies.digest, mend);
  }
}

function assertPresent({ present }: Ceremony, names: readonly string[]): Present {
  const stranger = names.find((name) => !present.witnesses.some((witness) => witness.name === name));
  if (stranger !== undefined) {
    const mend = `confirm as one of ${present.witnesses.map(({ name }) => name).join(', ')}`;
    throw ceremonyRefusal('K-WITNESS', `the ceremony names no ${stranger}`, 'present', mend);
  }
  const there = present.witnesses.filter(({ name }) => names.includes(name));
  if (there.length >= present.minimum) return there;
  throw ceremonyRefusal(
    'K-WITNESS',
    `${there.length} of the ${present.minimum} who must be present have confirmed`,
    'present',
    `have them confirm: ${present.witnesses
      .filter(({ name }) => !names.includes(name))
      .map(({ name, role }) => `${name} (${role})`)
      .join(', ')}`,
  );
}

/** A ceremony that has begun goes on under what it was begun under. */
function assertSame(deps: CeremonyDeps, ceremony: Ceremony, open: OpenEntry): void {
  const refuse = (field: string, what: string): never => {
    const detail = `the ceremony was begun with another ${what}`;
    throw ceremonyRefusal('K-RESUME', detail, field, 'go on with what it was begun with');
  };
  if (open.ceremonyDigest !== ceremony.sha256) refuse('ceremonyDigest', 'ceremony file');
  if (open.policyDigest !== deps.policies.digest) refuse('policyDigest', 'set of policies');
  if (open.instanceId !== deps.instanceId) refuse('instanceId', 'instance');
  if (open.token.serialNumber !== deps.token.serialNumber) refuse('token', 'token');
  if (open.setting !== settingOf(deps)) refuse('setting', 'sigillo.yaml');
}

function assertOthersDone({ before }: CeremonyDeps): void {
  if (before === undefined || before.isSealed) return;
  const detail = `ceremony ${before.ceremony} has begun and is not finished`;
  throw ceremonyRefusal('K-OPEN', detail, 'ceremony', 'finish it first: run its file again');
}

async function assertClock(deps: CeremonyDeps, transcript: Transcript): Promise<void> {
  const now = deps.clock.now();
  const known = [await deps.exchange.lastActAt(), transcript.entries.at(-1)?.at, deps.before?.at];
  const last = known.reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a), undefined);
  if (last !== undefined && last > now) throw clockSetBack(now, last);
}

function clockSetBack(now: Date, last: Date): Refused {
  const detail = `the clock says ${now.toISOString()}, and something was recorded at ${last.toISOString()}`;
  return ceremonyRefusal('K-CLOCK', detail, 'clock', 'set the clock of this machine right');
}

/** What products depend on besides ceremony file and policies. */
function settingOf({ state, environment, partner }: CeremonyDeps): string {
  const setting: JsonValue = {
    environment,
    state: { ...state },
    partner: partner === undefined ? null : { ...partner, publicKey: toBase64(partner.publicKey) },
  };
  return Buffer.from(encodeCanonicalJson(setting)).toString('utf8');
}

/**
 * Carries out a ceremony to its end. Each step is on record in the transcript as begun before anything of it is
 * made, and as done after; so a crash is followed by the same ceremony from the step where it happened.
 *
 * @param progress told each step, and each thing that is made, before it is
 * @returns the digest of the seal, for those present to write down
 * @throws Refused, Unavailable, InvariantBroken
 */
export async function carryOutCeremony(
  deps: CeremonyDeps,
  prepared: PreparedCeremony,
  progress: (making: string) => void,
): Promise<string> {
  const { ceremony, present, transcript, done } = prepared;
  const chain = new Chain(deps, transcript);
  openOrResume(deps, prepared, chain);
  await recoverIssuance(deps);
  for (const [index, step] of ceremony.steps.entries()) {
    if (index < done) continue;
    const begun = transcript.entries.find((entry) => entry.event === 'begin' && entry.step === index);
    let material = begun?.event === 'begin' ? begun.material : null;
    let begunAt = begun?.at;
    if (begun === undefined) {
      material = step.step === 'process-request' ? deps.folder.bundle(step.bundle) : null;
      begunAt = chain.append({
        event: 'begin',
        step: index,
        input: stepDigest(step),
        material,
        who: [...present],
      });
    }
    if (begunAt === undefined) throw new InvariantBroken('a step has no beginning');
    progress(`step ${index + 1}: ${describeStep(step)}`);
    const product = await performStep(deps, step, { begunAt, material: material ?? undefined }, progress);
    chain.append({ event: 'done', step: index, result: digestOf(product), product, who: [...present] });
  }
  chain.append({ event: 'seal', entries: chain.length + 1, who: [...present] });
  return chain.head ?? '';
}

function openOrResume(deps: CeremonyDeps, prepared: PreparedCeremony, chain: Chain): void {
  const { ceremony, transcript, lostOctets } = prepared;
  const who = [...prepared.present];
  if (lostOctets > 0) deps.folder.keepTranscript(transcript.wholeOctets);
  if (transcript.entries.length > 0) {
    chain.append({ event: 'resume', lostOctets, token: tokenOf(deps), who });
    return;
  }
  chain.append({
    event: 'open',
    ceremony: ceremony.ceremony,
    ceremonyDigest: ceremony.sha256,
    policyDigest: deps.policies.digest,
    software: deps.software,
    instanceId: deps.instanceId,
    setting: settingOf(deps),
    token: tokenOf(deps),
    who,
  });
}

function tokenOf({ token: { label, serialNumber, manufacturer, model } }: CeremonyDeps): OpenEntry['token'] {
  return { label, serialNumber, manufacturer, model };
}

/** The end of a transcript, where the next line is put. */
class Chain {
  readonly #deps: CeremonyDeps;
  #length: number;
  #head: string | null;
  #at: Date | undefined;

  constructor(deps: CeremonyDeps, transcript: Transcript) {
    this.#deps = deps;
    this.#length = transcript.entries.length;
    this.#head = transcript.head ?? deps.before?.head ?? null;
    this.#at = transcript.entries.at(-1)?.at;
  }

  get length(): number {
    return this.#length;
  }

  get head(): string | null {
    return this.#head;
  }

  /** @returns the time of the entry, which is durable */
  append(content: EntryContent): Date {
    const at = this.#deps.clock.now();
    if (this.#at !== undefined && at < this.#at) throw clockSetBack(at, this.#at);
    const line = encodeEntry(content, { n: this.#length, at, previous: this.#head });
    this.#deps.folder.append(line);
    this.#head = digestOf(line);
    this.#length += 1;
    this.#at = at;
    return at;
  }
}
