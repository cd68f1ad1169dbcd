import { createHash } from 'node:crypto';
import { decodeCheckpoint } from '../../formats/log/checkpoint.ts';
import { encodeEntryBundle, type TileName, tilePath, tilesOf, tileWidth } from '../../formats/log/tiles.ts';
import type { ArchiveRecords, IssuanceRecords } from '../ports.ts';
import type { CheckpointRecord, LogRecords } from './log-records.ts';
import { proveConsistency } from './prove.ts';
import { checkpointFile, verifierKeyFile } from './published-log.ts';

/** Where an export is written: paths with slashes, below one folder. */
export interface ExportFolder {
  read(path: string): Uint8Array | undefined;
  /** Whole or not at all. */
  write(path: string, octets: Uint8Array): void;
  has(path: string): boolean;
  remove(path: string): void;
}

export interface ExportDeps {
  readonly log: LogRecords;
  readonly archive: ArchiveRecords;
  readonly records: Pick<IssuanceRecords, 'certificates'>;
  readonly folder: ExportFolder;
}

export interface ExportedLog {
  /** Leaves that an earlier export in the folder had. */
  readonly before: number;
  readonly size: number;
  /** Artefacts written this time. */
  readonly artefacts: number;
}

export const exportPaths = {
  checkpoint: 'checkpoint',
  vkey: 'log.vkey',
  /** Checkpoints of all exports, by size. */
  checkpointOf: (size: number) => `checkpoints/${size}`,
  artefact: (sha256: string) => `artefacts/${sha256.slice(0, 2)}/${sha256}`,
};

/**
 * Writes the log and what it is about as files: tiles and entries as C2SP tlog-tiles has them, products by their
 * digests, the checkpoint last. In a folder with an earlier export only what is new is written, after that one is
 * proved to be continued. Memory does not grow with the log.
 *
 * @throws Refused when the earlier export is not of this log; Unavailable
 */
export async function exportLog(deps: ExportDeps, checkpoint: CheckpointRecord): Promise<ExportedLog> {
  const { log, folder } = deps;
  const earlier = folder.read(exportPaths.checkpoint);
  const before = earlier === undefined ? 0 : decodeCheckpoint(earlier).size;
  if (earlier !== undefined) proveConsistency(log, earlier, checkpoint);
  const { size } = checkpoint;
  folder.write(exportPaths.vkey, verifierKeyFile(log.verifierKeys()));
  for (const tile of tilesOf(size, before)) folder.write(tilePath(tile), tileOctets(log, tile));
  const artefacts = await exportArtefacts(deps, before, size);
  const file = checkpointFile(checkpoint);
  folder.write(exportPaths.checkpointOf(size), file);
  folder.write(exportPaths.checkpoint, file);
  removePartial(folder, before, size);
  return { before, size, artefacts };
}

function tileOctets(log: LogRecords, { level, index, width }: TileName): Uint8Array {
  return level === 'entries'
    ? encodeEntryBundle(log.entries(index * tileWidth, width))
    : log.hashes(level, index * tileWidth, width);
}

async function exportArtefacts(
  { archive, records, folder }: ExportDeps,
  before: number,
  size: number,
): Promise<number> {
  let written = 0;
  const write = (octets: Uint8Array) => {
    const path = exportPaths.artefact(createHash('sha256').update(octets).digest('hex'));
    if (folder.has(path)) return;
    folder.write(path, octets);
    written += 1;
  };
  for (const { der } of await records.certificates()) write(der);
  for (const { der } of archive.crls()) write(der);
  for (const { der } of archive.masterLists()) write(der);
  for (const bundle of archive.bundles()) write(bundle);
  for (const { efSod, logLeaf } of archive.sods(before)) {
    if (logLeaf >= size) break;
    write(efSod);
  }
  return written;
}

/** Partial tiles of the earlier export have grown, and are there anew. */
function removePartial(folder: ExportFolder, before: number, size: number): void {
  const kept = new Set<string>();
  for (const tile of tilesOf(size, before)) if (tile.width < tileWidth) kept.add(tilePath(tile));
  for (const tile of tilesOf(before, Math.max(0, before - 1))) {
    const path = tilePath(tile);
    if (tile.width < tileWidth && !kept.has(path)) folder.remove(path);
  }
}
