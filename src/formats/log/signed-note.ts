import { MalformedInput } from '../malformed-input.ts';

/** Text with signature lines below it (C2SP signed-note). */
export interface SignedNote {
  /** What is signed, with its last newline and without the empty line. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  /** 32 bits. */
  readonly keyId: number;
  readonly signature: Uint8Array;
}

/** More than any verifier must put up with (16), and room for post-quantum signatures of some 5 kB each. */
const mostSignatures = 64;
const longestNote = 1_048_576;

const source = 'C2SP signed-note, Format';

/** @throws MalformedInput */
export function decodeSignedNote(octets: Uint8Array): SignedNote {
  const whole = noteText(octets);
  const end = whole.lastIndexOf('\n\n');
  if (end < 0) throw refused('has no empty line between text and signatures');
  const lines = whole.slice(end + 2);
  if (!lines.endsWith('\n')) throw refused('must end with a newline');
  const signatures = lines.slice(0, -1).split('\n').map(decodeSignatureLine);
  if (signatures.length > mostSignatures) throw refused(`has more than ${mostSignatures} signatures`);
  return { text: whole.slice(0, end + 1), signatures };
}

/** One signature line, without its newline. @throws MalformedInput */
export function decodeSignatureLine(line: string): NoteSignature {
  const match = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line);
  const octets = decodeBase64(match?.[2] ?? '');
  if (match?.[1] === undefined || octets === undefined || octets.length < 5) {
    throw refused('has a line that is no signature');
  }
  const keyId = Buffer.from(octets).readUInt32BE(0);
  return { name: match[1], keyId, signature: octets.subarray(4) };
}

export function encodeSignedNote({ text, signatures }: SignedNote): Uint8Array {
  return Uint8Array.from(Buffer.from(`${text}\n${signatures.map(encodeSignatureLine).join('')}`));
}

/** With its newline. */
export function encodeSignatureLine({ name, keyId, signature }: NoteSignature): string {
  const id = Buffer.alloc(4);
  id.writeUInt32BE(keyId);
  return `— ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
}

/** @throws MalformedInput on what is no UTF-8, and on control characters other than newline */
export function noteText(octets: Uint8Array): string {
  if (octets.length > longestNote) throw refused(`is longer than ${longestNote} octets`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch (cause) {
    throw new MalformedInput('note', 'is not UTF-8', { source, cause });
  }
  // oxlint-disable-next-line no-control-regex -- these are the characters that a note must not have
  if (/[\x00-\x09\x0b-\x1f]/.test(text)) throw refused('has control characters');
  return text;
}

/** RFC 4648 §4, in its one spelling; undefined for anything else. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const octets = Buffer.from(text, 'base64');
  return octets.toString('base64') === text ? Uint8Array.from(octets) : undefined;
}

/** Whether a text can be the name of a key: no spaces, no plus, no control characters. */
export function isKeyName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these are the characters that a note must not have
  return name !== '' && !/[\s+\x00-\x1f]/u.test(name);
}

function refused(reason: string): MalformedInput {
  return new MalformedInput('note', reason, { source });
}
