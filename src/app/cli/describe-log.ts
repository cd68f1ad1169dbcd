import { type Checkpoint, decodeCheckpoint } from '../../formats/log/checkpoint.ts';
import { decodeLogLeaf } from '../../formats/log/log-leaf.ts';
import { isIncluded, leafHash } from '../../formats/log/merkle-tree.ts';
import {
  decodeConsistencyProof,
  decodeInclusionProof,
  type LogFileKind,
} from '../../formats/log/proof-files.ts';
import type { NoteSignature } from '../../formats/log/signed-note.ts';
import type { VerifierKey } from '../../formats/log/verifier-key.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { type Dump, hex, instantText, rows } from './dump.ts';

/** What stands in a file of the log. Nothing is said of signatures but whose they claim to be. @throws MalformedInput */
export function describeLogFile(kind: LogFileKind, octets: Uint8Array): Dump {
  switch (kind) {
    case 'checkpoint':
      return describeCheckpoint(decodeCheckpoint(octets));
    case 'log-proof':
      return describeInclusionProof(octets);
    case 'consistency-proof':
      return describeConsistencyProof(octets);
  }
}

function describeCheckpoint({ origin, size, root, note }: Checkpoint): Dump {
  return {
    title: 'Checkpoint of a log (C2SP tlog-checkpoint)',
    rows: rows(['log', origin], ['tree', `${size} leaves`], ['root hash', hex(root)]),
    parts: note.signatures.map((signature) => describeSignature(signature, origin)),
  };
}

/** Time and signature: Ed25519 or ML-DSA-44 (C2SP tlog-cosignature). */
const cosignatureOctets: readonly number[] = [8 + 64, 8 + 2420];

function describeSignature({ name, keyId, signature }: NoteSignature, origin: string): Dump {
  const isCosignature = name !== origin && cosignatureOctets.includes(signature.length);
  const seconds = isCosignature ? Number(Buffer.from(signature).readBigUInt64BE(0)) : undefined;
  return {
    title: isCosignature ? 'cosignature' : 'signature',
    rows: rows(
      ['name', name],
      ['key id', keyIdText(keyId)],
      ['signed at', seconds === undefined ? undefined : timeText(seconds)],
      ['signature', `${signature.length} octets`],
    ),
  };
}

/** Anybody may write any time. */
function timeText(seconds: number): string {
  const time = new Date(seconds * 1_000);
  return Number.isNaN(time.getTime()) ? `${seconds} s after 1970` : instantText(time);
}

function describeInclusionProof(octets: Uint8Array): Dump {
  const { extra, index, proof, head } = decodeInclusionProof(octets);
  const hash = extra === undefined ? undefined : leafHash(extra);
  const leads = hash !== undefined && isIncluded({ hash, index }, head, proof);
  return {
    title: 'Proof that a leaf is in a log (C2SP tlog-proof)',
    rows: rows(
      ['leaf', String(index)],
      ...leafRows(extra),
      ['leaf hash', hash === undefined ? undefined : hex(hash)],
      ['path', proof.map(hex)],
      ['leads to', leads ? 'the root hash of the checkpoint' : 'no root hash of the checkpoint'],
    ),
    parts: [describeCheckpoint(head)],
  };
}

function leafRows(extra: Uint8Array | undefined): readonly (readonly [string, string])[] {
  if (extra === undefined) return [['about', 'unknown: the file does not hold the leaf']];
  try {
    const { event, sha256, at } = decodeLogLeaf(Buffer.from(extra).toString('utf8'));
    return [
      ['about', event],
      ['SHA-256', sha256],
      ['recorded at', at],
    ];
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return [['about', `unknown: ${extra.length} octets that are no leaf of this kind of log`]];
  }
}

function describeConsistencyProof(octets: Uint8Array): Dump {
  const { oldSize, proof, head } = decodeConsistencyProof(octets);
  return {
    title: 'Proof that a checkpoint continues an earlier one (C2SP tlog-witness)',
    rows: rows(['earlier tree', `${oldSize} leaves`], ['hashes', proof.map(hex)]),
    parts: [describeCheckpoint(head)],
  };
}

/** vkeys, a line each. */
export function describeVerifierKeys(keys: readonly VerifierKey[]): Dump {
  return {
    title: 'Keys that verify notes (C2SP signed-note)',
    rows: [],
    parts: keys.map(({ name, keyId, kind, publicKey }) => ({
      title: kind,
      rows: rows(['name', name], ['key id', keyIdText(keyId)], ['public key', hex(publicKey)]),
    })),
  };
}

function keyIdText(keyId: number): string {
  return keyId.toString(16).padStart(8, '0');
}
