import { InvariantBroken, Refused } from '../../services/errors.ts';
import { prepareQuery } from './prepared-query.ts';
import { queries, type SqliteDatabase } from './sqlite.ts';

const countUse = prepareQuery((of: { readonly keyId: string }) =>
  queries
    .updateTable('keys')
    .set((eb) => ({ uses: eb('uses', '+', 1) }))
    .where('key_id', '=', of.keyId)
    .where((eb) => eb.or([eb('usage_limit', 'is', null), eb('uses', '<', eb.ref('usage_limit'))]))
    .where((eb) =>
      eb.not(eb.exists(eb.selectFrom('key_events').select('event_id').where('key_id', '=', of.keyId))),
    ),
);

const endOf = prepareQuery((of: { readonly keyId: string }) =>
  queries.selectFrom('key_events').select('reason').where('key_id', '=', of.keyId).orderBy('event_id'),
);

/**
 * Counts one use of a key, inside the transaction that puts on record what is to be signed: so the count is
 * never less than the signatures made, the limit is never exceeded, by a crash either, and a key that was retired
 * by whichever process, because its certificate was revoked, begins nothing more.
 *
 * @throws Refused `key-not-active` with rule `key-usage-limit` or `key-ended`; InvariantBroken when there is no such key
 */
export function countKeyUse(database: SqliteDatabase, keyId: string): void {
  if (database.run(countUse({ keyId })) === 1) return;
  const key = database.first(queries.selectFrom('keys').select('label').where('key_id', '=', keyId));
  if (key === undefined) throw new InvariantBroken(`key ${keyId} is not on record`);
  const end = database.first(endOf({ keyId }));
  if (end !== undefined) {
    throw new Refused('key-not-active', `key ${key.label} is retired: ${end.reason}`, {
      rule: 'key-ended',
      source: 'Doc 9303-12 §4.1.1',
      mend: 'another key signs; the next one is made by itself, or by sigillo rotate',
    });
  }
  throw new Refused('key-not-active', `key ${key.label} has made all the signatures that it may make`, {
    rule: 'key-usage-limit',
    source: 'policy of the profile',
    mend: 'make the next key (sigillo rotate)',
  });
}
