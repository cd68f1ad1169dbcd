import type { LogEvent } from '../../formats/log/log-leaf.ts';
import { queries, type SqliteDatabase } from './sqlite.ts';

/** When something was last begun or put on record; undefined where nothing was. */
export function latestAct(database: SqliteDatabase): Date | undefined {
  const leaf = database.first(
    queries.selectFrom('log_leaves').select('event').orderBy('leaf_index', 'desc').limit(1),
  );
  const begun = database.first(
    queries.selectFrom('issuance_intents').select('begun_at').orderBy('begun_at', 'desc').limit(1),
  );
  const at = [leaf && (JSON.parse(leaf.event) as LogEvent).at, begun?.begun_at].filter(
    (instant) => instant !== undefined,
  );
  const [last] = at.toSorted().slice(-1);
  return last === undefined ? undefined : new Date(last);
}
