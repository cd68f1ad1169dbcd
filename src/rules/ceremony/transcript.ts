import { createHash } from 'node:crypto';
import { z } from 'zod';
import { encodeCanonicalJson, type JsonValue, parseCanonicalJson } from '../../formats/canonical-json.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { octetsField, parseWith, sha256Field, toBase64 } from '../exchange/fields.ts';

/** The transcript of a ceremony: hash-chained lines of JSON (docs/formats/ceremony-transcript.md). */

const at = z.iso.datetime({ precision: 3 }).transform((text) => new Date(text));
const who = z.array(z.strictObject({ name: z.string(), role: z.string() }));
const link = { n: z.int().min(0), at, previous: sha256Field.nullable() };
const token = z.strictObject({
  label: z.string(),
  serialNumber: z.string(),
  manufacturer: z.string(),
  model: z.string(),
});

const entrySchema = z.discriminatedUnion('event', [
  z.strictObject({
    ...link,
    event: z.literal('open'),
    ceremony: z.string(),
    ceremonyDigest: sha256Field,
    policyDigest: sha256Field,
    software: z.string(),
    instanceId: z.string(),
    /** Canonical JSON of state, environment and exchange partner, which products depend on. */
    setting: z.string(),
    token,
    who,
  }),
  z.strictObject({
    ...link,
    event: z.literal('begin'),
    step: z.int().min(0),
    input: sha256Field,
    /** What the step was given besides the ceremony file. */
    material: octetsField.nullable(),
    who,
  }),
  z.strictObject({
    ...link,
    event: z.literal('done'),
    step: z.int().min(0),
    result: sha256Field,
    product: octetsField,
    who,
  }),
  /** The ceremony goes on after it was cut short. */
  z.strictObject({ ...link, event: z.literal('resume'), lostOctets: z.int().min(0), token, who }),
  z.strictObject({
    ...link,
    event: z.literal('seal'),
    entries: z.int().min(1),
    who,
    /** SHA-256 of this line as it is without this member. */
    seal: sha256Field,
  }),
]);

export type TranscriptEntry = z.infer<typeof entrySchema>;
export type OpenEntry = Extract<TranscriptEntry, { event: 'open' }>;
export type DoneEntry = Extract<TranscriptEntry, { event: 'done' }>;
export type Witness = z.infer<typeof who>[number];

/** What an entry says besides its place in the chain. */
export type EntryContent = {
  [Event in TranscriptEntry['event']]: Omit<
    Extract<TranscriptEntry, { event: Event }>,
    'n' | 'at' | 'previous' | 'seal'
  >;
}[TranscriptEntry['event']];

export interface Transcript {
  readonly entries: readonly TranscriptEntry[];
  /** SHA-256 of the last whole line. */
  readonly head: string | null;
  /** Octets of whole lines; what follows was cut short while it was written. */
  readonly wholeOctets: number;
}

/** A transcript that does not hold, with the line that shows it. */
export class BrokenTranscript extends MalformedInput {
  /** Counted from 1. */
  readonly line: number;

  constructor(line: number, reason: string) {
    super(`transcript line ${line}`, reason);
    this.line = line;
  }
}

/** The next line, without its line feed. */
export function encodeEntry(
  content: EntryContent,
  place: { readonly n: number; readonly at: Date; readonly previous: string | null },
): Uint8Array {
  const members = { ...place, ...content } as Record<string, unknown>;
  const json = Object.fromEntries(Object.entries(members).map(([name, value]) => [name, toJson(value)]));
  if (content.event !== 'seal') return encodeCanonicalJson(json);
  return encodeCanonicalJson({ ...json, seal: digestOf(encodeCanonicalJson(json)) });
}

function toJson(value: unknown): JsonValue {
  if (value instanceof Uint8Array) return toBase64(value);
  if (value instanceof Date) return value.toISOString();
  return value as JsonValue;
}

export function digestOf(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}

/**
 * Reads a transcript and checks its chain: every line in its one spelling, numbered without gap, with the digest of
 * the line before, in order of time, steps in order, and nothing after the seal.
 *
 * @throws BrokenTranscript naming the line
 */
export function parseTranscript(octets: Uint8Array): Transcript {
  const entries: TranscriptEntry[] = [];
  let head: string | null = null;
  let start = 0;
  for (let end = octets.indexOf(0x0a); end >= 0; end = octets.indexOf(0x0a, start)) {
    const line = octets.subarray(start, end);
    const entry = parseLine(line, entries.length + 1);
    assertFollows(entry, entries.at(-1), head, entries.length);
    entries.push(entry);
    head = digestOf(line);
    start = end + 1;
  }
  return { entries, head, wholeOctets: start };
}

function parseLine(line: Uint8Array, number: number): TranscriptEntry {
  let entry: TranscriptEntry;
  let json: JsonValue;
  try {
    json = parseCanonicalJson(line, 'entry');
    entry = parseWith(entrySchema, json, 'entry');
  } catch (error) {
    if (error instanceof MalformedInput) throw new BrokenTranscript(number, error.message);
    throw error;
  }
  if (entry.event === 'seal') {
    const { seal, ...rest } = json as Record<string, JsonValue>;
    if (seal !== digestOf(encodeCanonicalJson(rest)))
      throw new BrokenTranscript(number, 'its seal is broken');
  }
  if (entry.event === 'done' && entry.result !== digestOf(entry.product)) {
    throw new BrokenTranscript(number, 'the product is not the one whose digest it gives');
  }
  return entry;
}

function assertFollows(
  entry: TranscriptEntry,
  before: TranscriptEntry | undefined,
  head: string | null,
  count: number,
): void {
  const line = count + 1;
  if (before === undefined) {
    if (entry.event !== 'open' || entry.n !== 0) throw new BrokenTranscript(line, 'does not open a ceremony');
    return;
  }
  if (entry.previous !== head) {
    const detail = `line ${count} is not the one that line ${line} follows: one of them was changed`;
    throw new BrokenTranscript(count, detail);
  }
  if (before.event === 'seal') throw new BrokenTranscript(line, 'stands after the seal');
  if (entry.event === 'open') throw new BrokenTranscript(line, 'opens the ceremony again');
  if (entry.n !== before.n + 1) throw new BrokenTranscript(line, `is number ${entry.n} after ${before.n}`);
  if (entry.at < before.at) throw new BrokenTranscript(line, 'is earlier than the line before');
  if (entry.event === 'seal' && entry.entries !== line) {
    throw new BrokenTranscript(line, `seals ${entry.entries} entries of ${line}`);
  }
}

/** The products by step, each once. @throws BrokenTranscript when steps are out of order */
export function doneSteps(transcript: Transcript): ReadonlyMap<number, DoneEntry> {
  const done = new Map<number, DoneEntry>();
  transcript.entries.forEach((entry, index) => {
    if (entry.event !== 'done') return;
    if (entry.step !== done.size)
      throw new BrokenTranscript(index + 1, `step ${entry.step + 1} is out of order`);
    done.set(entry.step, entry);
  });
  return done;
}

export function isSealed({ entries }: Transcript): boolean {
  return entries.at(-1)?.event === 'seal';
}
