import { MalformedInput } from '../malformed-input.ts';
import { hashOctets } from './merkle-tree.ts';
import { decodeBase64, decodeSignedNote, type SignedNote } from './signed-note.ts';

/** What a log says of its tree (C2SP tlog-checkpoint). */
export interface TreeHead {
  /** Name of the log. */
  readonly origin: string;
  /** Leaves. */
  readonly size: number;
  readonly root: Uint8Array;
}

/** A tree head with the note that it stands in. */
export interface Checkpoint extends TreeHead {
  /** As received; what signatures are over. */
  readonly note: SignedNote;
}

const source = 'C2SP tlog-checkpoint, Note text';

/** The text that is signed. */
export function encodeTreeHead({ origin, size, root }: TreeHead): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
}

/** @throws MalformedInput */
export function decodeCheckpoint(octets: Uint8Array): Checkpoint {
  const note = decodeSignedNote(octets);
  return { ...decodeTreeHead(note.text), note };
}

/** The text of a checkpoint. Lines after the root are passed over; this log writes none. @throws MalformedInput */
export function decodeTreeHead(text: string): TreeHead {
  const [origin = '', sizeText = '', rootText = '', ...extensions] = text.slice(0, -1).split('\n');
  const root = decodeBase64(rootText);
  if (origin === '') throw refused('origin', 'is empty');
  if (root?.length !== hashOctets) throw refused('root hash', 'is not a SHA-256 in base64');
  if (extensions.includes('')) throw refused('extension line', 'is empty');
  return { origin, size: parseSize(sizeText, 'tree size'), root };
}

/** Decimal without leading zeroes. @throws MalformedInput */
export function parseSize(text: string, field: string): number {
  const size = Number(text);
  if (!/^(0|[1-9]\d{0,15})$/.test(text) || !Number.isSafeInteger(size)) {
    throw refused(field, 'is not a decimal number without leading zeroes');
  }
  return size;
}

function refused(field: string, reason: string): MalformedInput {
  return new MalformedInput(field, reason, { source });
}
