import { hash, randomBytes, randomUUID } from 'node:crypto';
import { InvariantBroken } from '../../services/errors.ts';
import type { Clock } from '../../services/ports.ts';
import { SqliteArchiveRecords } from './archive-records.ts';
import { LogLeaves } from './log-leaves.ts';
import { sodCheck } from './record-check.ts';
import { queries, SqliteDatabase } from './sqlite.ts';
import { StoredSods } from './stored-sods.ts';

const rowsOfTransaction = 20_000;
/** The index of ten million requests, which come in no order. */
const cacheKib = 1_048_576;

export interface Filling {
  /** CKA_ID of the key whose uses they count as. */
  readonly keyId: string;
  /** SODs that are to be on record in the end. */
  readonly count: number;
  /** Makes EF.SODs like one that is on record. */
  readonly othersLike: (efSod: Uint8Array) => () => Uint8Array;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Puts EF.SODs on record as they would lie there had the service signed them, each with its leaf and the tiles of the
 * log, to measure records that are full. Nobody else has them open, and at least one EF.SOD is on record already.
 */
export function fillRecords(path: string, { keyId, count, othersLike, clock, signal }: Filling): void {
  const database = new SqliteDatabase(path);
  try {
    database.control(`PRAGMA cache_size = -${cacheKib}`);
    const leaves = new LogLeaves(database);
    const stored = new StoredSods(database);
    const [first] = new SqliteArchiveRecords(database).sods();
    if (first === undefined) throw new InvariantBroken('there is no SOD to make others from');
    stored.offer(first, first.efSod);
    const another = othersLike(first.efSod);
    for (let recorded = countSods(database); recorded < count; ) {
      signal.throwIfAborted();
      const rows = Math.min(rowsOfTransaction, count - recorded);
      database.control('BEGIN IMMEDIATE');
      for (let row = 0; row < rows; row += 1) {
        const contentDigest = randomBytes(32).toString('hex');
        const sod = { ...first, efSod: another(), requestId: randomUUID(), contentDigest };
        const event = {
          event: 'sod',
          sha256: hash('sha256', sod.efSod),
          at: clock.now().toISOString(),
        } as const;
        const octets = stored.compact(sod.efSod, sod.documentSigner);
        const logLeaf = leaves.append(event, sodCheck(sod, octets));
        stored.insert({ ...sod, logLeaf }, octets);
      }
      const uses = queries.updateTable('keys').set((eb) => ({ uses: eb('uses', '+', rows) }));
      database.run(uses.where('key_id', '=', keyId));
      database.control('COMMIT');
      recorded += rows;
    }
  } finally {
    database.close();
  }
}

function countSods(database: SqliteDatabase): number {
  const query = queries.selectFrom('sods').select((eb) => eb.fn.countAll<number>().as('sods'));
  return database.first(query)?.sods ?? 0;
}
