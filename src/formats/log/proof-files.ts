import { MalformedInput } from '../malformed-input.ts';
import { type Checkpoint, decodeCheckpoint, parseSize } from './checkpoint.ts';
import { hashOctets } from './merkle-tree.ts';
import { decodeBase64, noteText } from './signed-note.ts';

/** Proofs as text files that can be checked with nothing else but a key. */

/** That an entry is in a log: C2SP tlog-proof. `extra` is, from this log, the entry itself. */
export interface InclusionProofFile {
  readonly extra: Uint8Array | undefined;
  readonly index: number;
  readonly proof: readonly Uint8Array[];
  /** The checkpoint's file, as received. */
  readonly checkpoint: Uint8Array;
}

/** That a checkpoint continues a smaller tree: the body of add-checkpoint of C2SP tlog-witness. */
export interface ConsistencyProofFile {
  readonly oldSize: number;
  readonly proof: readonly Uint8Array[];
  readonly checkpoint: Uint8Array;
}

const inclusionHeading = 'c2sp.org/tlog-proof@v1';
const longestProof = 63;

export function encodeInclusionProof({ extra, index, proof, checkpoint }: InclusionProofFile): Uint8Array {
  const extraLine = extra === undefined ? [] : [`extra ${base64(extra)}`];
  return textFile([inclusionHeading, ...extraLine, `index ${index}`, ...proof.map(base64)], checkpoint);
}

export function encodeConsistencyProof({ oldSize, proof, checkpoint }: ConsistencyProofFile): Uint8Array {
  return textFile([`old ${oldSize}`, ...proof.map(base64)], checkpoint);
}

/** What a text file of the log can be. */
export type LogFileKind = 'log-proof' | 'consistency-proof' | 'checkpoint';

/** Which file of the log it is, by its first lines; undefined for anything else. */
export function logFileKindOf(octets: Uint8Array): LogFileKind | undefined {
  const start = Buffer.from(octets.subarray(0, inclusionHeading.length + 1)).toString('latin1');
  if (start === `${inclusionHeading}\n`) return 'log-proof';
  if (/^old \d/.test(start)) return 'consistency-proof';
  const lines = Buffer.from(octets.subarray(0, 4096)).toString('utf8');
  return /^[^\n]+\n\d+\n[A-Za-z0-9+/=]+\n/.test(lines) ? 'checkpoint' : undefined;
}

/** @throws MalformedInput */
export function decodeInclusionProof(octets: Uint8Array): InclusionProofFile & { readonly head: Checkpoint } {
  const { lines, checkpoint } = splitFile(octets, 'tlog-proof');
  const [heading, second = '', ...others] = lines;
  if (heading !== inclusionHeading) throw refused('tlog-proof', `must begin with ${inclusionHeading}`);
  const extra = second.startsWith('extra ') ? decodeBase64(second.slice('extra '.length)) : undefined;
  if (second.startsWith('extra ') && extra === undefined) throw refused('extra', 'is not base64');
  const [indexLine = '', ...hashes] = extra === undefined ? [second, ...others] : others;
  if (!indexLine.startsWith('index ')) throw refused('index', 'is missing');
  const index = parseSize(indexLine.slice('index '.length), 'index');
  return { extra, index, proof: decodeHashes(hashes), checkpoint, head: decodeCheckpoint(checkpoint) };
}

/** @throws MalformedInput */
export function decodeConsistencyProof(
  octets: Uint8Array,
): ConsistencyProofFile & { readonly head: Checkpoint } {
  const { lines, checkpoint } = splitFile(octets, 'consistency proof');
  const [oldLine = '', ...hashes] = lines;
  if (!oldLine.startsWith('old ')) throw refused('consistency proof', 'must begin with the old size');
  const oldSize = parseSize(oldLine.slice('old '.length), 'old size');
  return { oldSize, proof: decodeHashes(hashes), checkpoint, head: decodeCheckpoint(checkpoint) };
}

function splitFile(octets: Uint8Array, what: string) {
  const text = noteText(octets);
  const end = text.indexOf('\n\n');
  if (end < 0) throw refused(what, 'has no empty line before its checkpoint');
  return {
    lines: text.slice(0, end).split('\n'),
    checkpoint: Uint8Array.from(Buffer.from(text.slice(end + 2))),
  };
}

function decodeHashes(lines: readonly string[]): readonly Uint8Array[] {
  if (lines.length > longestProof) throw refused('proof', `has more than ${longestProof} hashes`);
  return lines.map((line, at) => {
    const hash = decodeBase64(line);
    if (hash?.length !== hashOctets) throw refused('proof', `line ${at + 1} is no SHA-256 in base64`);
    return hash;
  });
}

function textFile(lines: readonly string[], checkpoint: Uint8Array): Uint8Array {
  return Uint8Array.from(Buffer.concat([Buffer.from(`${lines.join('\n')}\n\n`), checkpoint]));
}

function base64(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64');
}

function refused(field: string, reason: string): MalformedInput {
  return new MalformedInput(field, reason, { source: 'C2SP tlog-proof, tlog-witness' });
}
