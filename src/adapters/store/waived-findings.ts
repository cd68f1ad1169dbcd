import type { WaivedRecord } from '../../services/ports.ts';
import { waivedRow } from './issued-rows.ts';
import { queries, type SqliteDatabase } from './sqlite.ts';

/** In the transaction of what they are about. */
export function insertWaived(database: SqliteDatabase, waived: readonly WaivedRecord[]): void {
  for (const record of waived) {
    database.run(queries.insertInto('waived_findings').values(waivedRow(record)));
  }
}
