import { hash, randomBytes, randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../adapters/clock/index.ts';
import { SqliteArchiveRecords } from '../../adapters/store/archive-records.ts';
import { LogLeaves } from '../../adapters/store/log-leaves.ts';
import { sodCheck } from '../../adapters/store/record-check.ts';
import { queries, SqliteDatabase } from '../../adapters/store/sqlite.ts';
import { StoredSods } from '../../adapters/store/stored-sods.ts';
import { decodeEfSod } from '../../formats/lds/ef-sod.ts';
import { InvariantBroken } from '../../services/errors.ts';
import type { Instance } from '../instance/load-instance.ts';
import type { BenchedKey } from './bench-instance.ts';

const rowsOfTransaction = 20_000;
/** The index of ten million requests, which come in no order. */
const cacheKib = 1_048_576;

/**
 * Puts EF.SODs on record as they would lie there had the service signed them, each with its leaf and the tiles of the
 * log, but signed by nobody: what differs between two is random. At least one is on record already.
 *
 * @param count SODs that are to be on record in the end
 */
export function fillRecords(instance: Instance, key: BenchedKey, count: number, signal: AbortSignal): void {
  const database = new SqliteDatabase(instance.paths.records);
  try {
    database.control(`PRAGMA cache_size = -${cacheKib}`);
    const leaves = new LogLeaves(database);
    const stored = new StoredSods(database);
    const [first] = new SqliteArchiveRecords(database).sods();
    if (first === undefined) throw new InvariantBroken('there is no SOD to make others from');
    stored.offer(first, first.efSod);
    const efSodLike = othersLike(first.efSod);
    for (let recorded = recordedSods(instance); recorded < count; ) {
      signal.throwIfAborted();
      const rows = Math.min(rowsOfTransaction, count - recorded);
      database.control('BEGIN IMMEDIATE');
      for (let row = 0; row < rows; row += 1) {
        const sod = { ...first, ...efSodLike(), requestId: randomUUID(), contentDigest: randomHex(32) };
        const event = {
          event: 'sod',
          sha256: hash('sha256', sod.efSod),
          at: systemClock.now().toISOString(),
        } as const;
        const logLeaf = leaves.append(event, sodCheck(sod));
        stored.insert({ ...sod, logLeaf }, stored.compact(sod.efSod, sod.documentSigner));
      }
      database.run(
        queries
          .updateTable('keys')
          .set((eb) => ({ uses: eb('uses', '+', rows) }))
          .where('key_id', '=', key.keyId),
      );
      database.control('COMMIT');
      recorded += rows;
    }
  } finally {
    database.close();
  }
}

export function recordedSods({ paths }: Instance): number {
  const database = new DatabaseSync(paths.records, { readOnly: true });
  try {
    return Number(database.prepare('SELECT count(*) AS sods FROM sods').get()?.['sods']);
  } finally {
    database.close();
  }
}

/** Makes EF.SODs of which hashes, messageDigest and signature are others, and everything else is the same. */
function othersLike(first: Uint8Array): () => { efSod: Uint8Array } {
  const { ldsSecurityObject, signedData } = decodeEfSod(first);
  const [signer] = signedData.signerInfos;
  const differing = [
    ...ldsSecurityObject.dataGroupHashes.values(),
    signer?.signedAttributes?.messageDigest ?? new Uint8Array(),
    // The first octets of the signature are DER.
    signer?.signature.subarray(8) ?? new Uint8Array(),
  ].map((part) => ({ at: part.byteOffset - first.byteOffset, length: part.length }));
  return () => {
    const efSod = Uint8Array.from(first);
    for (const { at, length } of differing) efSod.set(randomBytes(length), at);
    return { efSod };
  };
}

function randomHex(octets: number): string {
  return randomBytes(octets).toString('hex');
}
