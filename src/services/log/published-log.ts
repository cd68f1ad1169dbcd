import { createHash } from 'node:crypto';
import { decodeLogLeaf } from '../../formats/log/log-leaf.ts';
import {
  encodeEntryBundle,
  hashesAtLevel,
  leavesPerHash,
  parseTilePath,
  type TileName,
  tileWidth,
} from '../../formats/log/tiles.ts';
import { InvariantBroken } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { CheckpointRecord, LogRecords } from './log-records.ts';

/** A file of the log as the public fetches it. */
export interface LogFile {
  readonly octets: Uint8Array;
  readonly mediaType: string;
  /** SHA-256 of the octets, hexadecimal. */
  readonly sha256: string;
  readonly lastModified: Date;
  /** Never changes; otherwise it may at any time. */
  readonly isImmutable: boolean;
  /** Shrinks well, and is large. */
  readonly isCompressible: boolean;
}

/** The checkpoint's file: the log's note with the lines of its cosigners. */
export function checkpointFile({ note, cosignatures }: CheckpointRecord): Uint8Array {
  return Uint8Array.from(Buffer.concat([note, Buffer.from(cosignatures.join(''))]));
}

/**
 * The vkeys of a log as a file, a line each, the newest first.
 *
 * @param vkeys oldest first
 */
export function verifierKeyFile(vkeys: readonly string[]): Uint8Array {
  return Uint8Array.from(
    Buffer.from(
      vkeys
        .toReversed()
        .map((vkey) => `${vkey}\n`)
        .join(''),
    ),
  );
}

/** The log under the checkpoint that is served, file by file (C2SP tlog-tiles, APIs). */
export class PublishedLog {
  readonly #log: LogRecords;
  readonly #clock: Clock;
  readonly #cosignatures: number;
  #head: CheckpointRecord | undefined;

  constructor(log: LogRecords, clock: Clock, cosignatures: number) {
    this.#log = log;
    this.#clock = clock;
    this.#cosignatures = cosignatures;
  }

  /** Goes on to the largest checkpoint that may be served. That it is served is on record before it is. */
  async refresh(): Promise<void> {
    const next = this.#log.servableCheckpoint(this.#cosignatures);
    if (next === undefined || next.size < (this.#head?.size ?? 0)) return;
    if (next.size !== this.#head?.size) await this.#log.recordServed(next.size, this.#clock.now());
    this.#head = next;
  }

  /** The checkpoint that is served; undefined before there is one. */
  get head(): CheckpointRecord | undefined {
    return this.#head;
  }

  /** vkeys of all keys that the log ever had, newest first. */
  get verifierKeys(): readonly string[] {
    return this.#log.verifierKeys().toReversed();
  }

  /** @param path below the log's prefix, e.g. `checkpoint`, `tile/0/000.p/12` */
  find(path: string): LogFile | undefined {
    const head = this.#head;
    if (head === undefined) return undefined;
    if (path === 'checkpoint') return checkpoint(head);
    if (path === 'vkey') return this.#vkey(head);
    const tile = parseTilePath(path);
    return tile === undefined ? undefined : this.#tile(tile, head);
  }

  #vkey({ signedAt }: CheckpointRecord): LogFile {
    return file(verifierKeyFile(this.#log.verifierKeys()), signedAt, {
      mediaType: 'text/plain; charset=utf-8',
      isImmutable: false,
      isCompressible: false,
    });
  }

  /** Only what the served checkpoint covers; full ones for ever, and partial ones too. */
  #tile({ level, index, width }: TileName, { size }: CheckpointRecord): LogFile | undefined {
    const height = level === 'entries' ? 0 : level;
    const from = index * tileWidth;
    if (from + width > hashesAtLevel(height, size)) return undefined;
    const octets =
      level === 'entries'
        ? encodeEntryBundle(this.#log.entries(from, width))
        : this.#log.hashes(level, from, width);
    return file(octets, this.#recordedAt((from + width) * leavesPerHash(height) - 1), {
      mediaType: 'application/octet-stream',
      isImmutable: true,
      isCompressible: level === 'entries',
    });
  }

  /** When the last leaf below came, and so the file. */
  #recordedAt(leafIndex: number): Date {
    const [entry] = this.#log.entries(leafIndex, 1);
    if (entry === undefined) throw new InvariantBroken(`the records lack leaf ${leafIndex} of the log`);
    return new Date(decodeLogLeaf(Buffer.from(entry).toString()).at);
  }
}

function checkpoint(head: CheckpointRecord): LogFile {
  return file(checkpointFile(head), head.signedAt, {
    mediaType: 'text/plain; charset=utf-8',
    isImmutable: false,
    isCompressible: false,
  });
}

function file(
  octets: Uint8Array,
  lastModified: Date,
  form: Pick<LogFile, 'mediaType' | 'isImmutable' | 'isCompressible'>,
): LogFile {
  return { octets, sha256: createHash('sha256').update(octets).digest('hex'), lastModified, ...form };
}
