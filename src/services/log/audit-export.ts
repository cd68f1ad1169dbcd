import { createHash } from 'node:crypto';
import { decodeCheckpoint, type TreeHead } from '../../formats/log/checkpoint.ts';
import type { LogEvent } from '../../formats/log/log-leaf.ts';
import { decodeEntryBundle, tilePath } from '../../formats/log/tiles.ts';
import { type VerifierKey, verifyNote } from '../../formats/log/verifier-key.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import type { Defect } from '../archive/recheck.ts';
import { type ExaminedLog, examineLog, type LogSource, type StoredCheckpoint } from './examine-log.ts';
import { exportPaths } from './export-log.ts';

/** An export as it lies in a folder. */
export interface ExportReader {
  read(path: string): Uint8Array | undefined;
  /** Names of the files directly in a folder. */
  list(path: string): readonly string[];
}

export interface AuditedExport extends ExaminedLog {
  readonly artefacts: number;
}

/** Whose leaves come with the product itself; the others are about keys and acts that are no file. */
const withArtefact: ReadonlySet<LogEvent['event']> = new Set([
  'sod',
  'certificate',
  'crl',
  'master-list',
  'bundle',
]);

/**
 * Checks an export with nothing but its files and the log's vkey: the checkpoint, every hash, every entry, every
 * artefact, and every earlier checkpoint. Memory does not grow with the log.
 *
 * @param earlier checkpoints that the auditor kept, which this log must continue
 */
export function* auditExport(
  folder: ExportReader,
  keys: readonly VerifierKey[],
  earlier: readonly Uint8Array[],
): Generator<Defect, AuditedExport> {
  const none: AuditedExport = { leaves: 0, checkpoints: 0, head: undefined, artefacts: 0 };
  const head = yield* headOf(folder, keys);
  if (head === undefined) return none;
  let artefacts = 0;
  const visit = function* (index: number, event: LogEvent | undefined): Generator<Defect> {
    if (event === undefined || !withArtefact.has(event.event)) return;
    const octets = folder.read(exportPaths.artefact(event.sha256));
    const about = `artefact ${event.sha256}`;
    if (octets === undefined) yield { about, detail: `is missing: the ${event.event} of leaf ${index}` };
    else if (createHash('sha256').update(octets).digest('hex') !== event.sha256) {
      yield { about, detail: `was changed: the ${event.event} of leaf ${index}` };
    } else artefacts += 1;
  };
  const checkpoints = yield* checkpointsOf(folder, earlier, head);
  const examined = yield* examineLog(new ExportedTiles(folder, head.size, checkpoints), keys, visit);
  return { ...examined, artefacts };
}

/** Nothing is read on the word of a checkpoint that nobody known has signed: it says how much there is. */
function* headOf(
  folder: ExportReader,
  keys: readonly VerifierKey[],
): Generator<Defect, TreeHead | undefined> {
  const about = exportPaths.checkpoint;
  const octets = folder.read(about);
  if (octets === undefined) {
    yield { about, detail: 'is missing: this is no whole export of a log' };
    return undefined;
  }
  const checkpoint = yield* decoded(about, () => decodeCheckpoint(octets));
  if (checkpoint === undefined) return undefined;
  const { holding, failing } = verifyNote(
    checkpoint.note,
    keys.filter(({ name }) => name === checkpoint.origin),
  );
  if (holding.length > 0 && failing.length === 0) return checkpoint;
  yield { about, detail: `is not signed by a key of ${checkpoint.origin} that is trusted` };
  return undefined;
}

/** Of this export, of those before it in the same folder, and those that the auditor brings: ascending. */
function* checkpointsOf(
  folder: ExportReader,
  earlier: readonly Uint8Array[],
  { size }: TreeHead,
): Generator<Defect, readonly StoredCheckpoint[]> {
  const found: StoredCheckpoint[] = [];
  for (const name of folder.list('checkpoints')) {
    const note = folder.read(`checkpoints/${name}`);
    if (/^\d{1,16}$/.test(name) && note !== undefined) found.push({ size: Number(name), note });
  }
  const head = folder.read(exportPaths.checkpoint);
  if (head !== undefined) found.push({ size, note: head });
  for (const note of earlier) {
    const kept = yield* decoded('earlier checkpoint', () => decodeCheckpoint(note));
    if (kept !== undefined) found.push({ size: kept.size, note });
  }
  return found.toSorted((a, b) => a.size - b.size);
}

function* decoded<T>(about: string, decode: () => T): Generator<Defect, T | undefined> {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    yield { about, detail: error.message };
    return undefined;
  }
}

/** The files of an export as a log that may be damaged. */
class ExportedTiles implements LogSource {
  readonly #folder: ExportReader;
  readonly size: number;
  readonly #checkpoints: readonly StoredCheckpoint[];

  constructor(folder: ExportReader, size: number, checkpoints: readonly StoredCheckpoint[]) {
    this.#folder = folder;
    this.size = size;
    this.#checkpoints = checkpoints;
  }

  tile(level: number, index: number, width: number): Uint8Array | undefined {
    return this.#folder.read(tilePath({ level, index, width }));
  }

  entries(index: number, width: number): readonly (Uint8Array | undefined)[] {
    const entries = this.#decoded(index, width);
    return Array.from({ length: width }, (_, at) => entries[at]);
  }

  checkpoints(): Iterable<StoredCheckpoint> {
    return this.#checkpoints;
  }

  /** A bundle that ends within an entry has none from there on. */
  #decoded(index: number, width: number): readonly Uint8Array[] {
    let bundle = this.#folder.read(tilePath({ level: 'entries', index, width })) ?? new Uint8Array(0);
    for (;;) {
      try {
        return decodeEntryBundle(bundle);
      } catch (error) {
        if (!(error instanceof MalformedInput) || error.offset === undefined) throw error;
        bundle = bundle.subarray(0, error.offset);
      }
    }
  }
}
