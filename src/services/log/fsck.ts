import type { LogEvent } from '../../formats/log/log-leaf.ts';
import { decodeVerifierKey, type VerifierKey } from '../../formats/log/verifier-key.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import type { Defect } from '../archive/recheck.ts';
import { type ExaminedLog, examineLog, type LogSource } from './examine-log.ts';

/** A record that has a leaf. */
export interface LoggedRecord {
  /** For people, e.g. `SOD of order-4711`. */
  readonly about: string;
  readonly event: LogEvent['event'];
  /** SHA-256 of the product as it is on record now, hexadecimal. */
  readonly sha256: string;
}

export interface LoggedSod extends LoggedRecord {
  readonly leafIndex: number;
  /** What the row says and its leaf does not cover is not what was written. */
  readonly isRowChanged: boolean;
}

/** Records as they lie on disk at one moment. */
export interface LogArchive extends LogSource {
  /** In order of their leaves. */
  sods(): Iterable<LoggedSod>;
  /** Everything else that has a leaf: few beside the SODs. */
  products(): Iterable<LoggedRecord>;
  /** What is there and must not be, and what the file itself says of its damage. */
  surplus(): Iterable<Defect>;
  verifierKeys(): readonly string[];
}

export interface Fsck extends ExaminedLog {
  /** Records that have a leaf. */
  readonly records: number;
}

/**
 * Checks leaves against tiles, tiles against checkpoints, and records against leaves in both directions: every record
 * has its leaf and every leaf its record. One pass; memory grows with the certificates and lists only.
 *
 * @param vkeys the log's, from elsewhere; otherwise those on record count
 */
export function* fsck(archive: LogArchive, vkeys?: readonly string[]): Generator<Defect, Fsck> {
  yield* archive.surplus();
  const keys = yield* keysOf(archive, vkeys);
  const records = new RecordsByLeaf(archive);
  const examined = yield* examineLog(archive, keys, (index, event) => records.visit(index, event));
  yield* records.end();
  return { ...examined, records: records.count };
}

function* keysOf(
  archive: LogArchive,
  given: readonly string[] | undefined,
): Generator<Defect, readonly VerifierKey[]> {
  const onRecord = archive.verifierKeys();
  for (const vkey of given === undefined ? [] : onRecord.filter((each) => !given.includes(each))) {
    yield { about: 'vkey', detail: `on record is ${vkey}, which was not given` };
  }
  const keys: VerifierKey[] = [];
  for (const text of given ?? onRecord) {
    try {
      keys.push(decodeVerifierKey(text));
    } catch (error) {
      if (!(error instanceof MalformedInput)) throw error;
      yield { about: 'vkey', detail: error.message };
    }
  }
  return keys;
}

/** Goes through the records beside the leaves. */
class RecordsByLeaf {
  readonly #sods: Iterator<LoggedSod>;
  #sod: LoggedSod | undefined;
  /** What still waits for its leaf; the same product may have been recorded twice. */
  readonly #products = new Map<string, string[]>();
  #hasChangedLeaves = false;
  count = 0;

  constructor(archive: LogArchive) {
    this.#sods = archive.sods()[Symbol.iterator]();
    this.#advance();
    for (const { about, event, sha256 } of archive.products()) {
      const name = `${event} ${sha256}`;
      this.#products.set(name, [...(this.#products.get(name) ?? []), about]);
      this.count += 1;
    }
  }

  *visit(index: number, event: LogEvent | undefined): Generator<Defect> {
    yield* this.#withoutLeaf(index);
    const sod = this.#sod?.leafIndex === index ? this.#sod : undefined;
    if (sod !== undefined) {
      this.count += 1;
      this.#advance();
      yield* checkSod(sod, event);
    } else if (event === undefined) this.#hasChangedLeaves = true;
    else if (event.event === 'sod')
      yield { about: `leaf ${index}`, detail: 'is of a SOD that is not on record' };
    else yield* this.#tickOff(index, event);
  }

  *end(): Generator<Defect> {
    yield* this.#withoutLeaf(Number.POSITIVE_INFINITY);
    const perhaps = this.#hasChangedLeaves ? '; it may have been one of those that were changed' : '';
    for (const about of [...this.#products.values()].flat()) {
      yield { about, detail: `has no leaf in the log, or was changed since${perhaps}` };
    }
  }

  /** SODs whose leaf should have come before. */
  *#withoutLeaf(index: number): Generator<Defect> {
    for (let sod = this.#sod; sod !== undefined && sod.leafIndex < index; sod = this.#sod) {
      this.count += 1;
      yield { about: sod.about, detail: `names leaf ${sod.leafIndex}, which the log does not have` };
      this.#advance();
    }
  }

  *#tickOff(index: number, { event, sha256 }: LogEvent): Generator<Defect> {
    const name = `${event} ${sha256}`;
    const [, ...others] = this.#products.get(name) ?? [];
    if (!this.#products.has(name)) {
      yield {
        about: `leaf ${index}`,
        detail: `is of a ${event} that is not on record, or was changed since`,
      };
    } else if (others.length > 0) this.#products.set(name, others);
    else this.#products.delete(name);
  }

  #advance(): void {
    const next = this.#sods.next();
    this.#sod = next.done === true ? undefined : next.value;
  }
}

function* checkSod(sod: LoggedSod, event: LogEvent | undefined): Generator<Defect> {
  if (event !== undefined && (event.event !== 'sod' || event.sha256 !== sod.sha256)) {
    yield { about: sod.about, detail: `was changed: leaf ${sod.leafIndex} is of other octets` };
  }
  if (sod.isRowChanged) {
    const detail =
      'request id, digest of the request, Document Signer or the form of the EF.SOD was changed in its row';
    yield { about: sod.about, detail };
  }
}
