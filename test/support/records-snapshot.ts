import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';

/** What an instance has on record, in numbers: the same before and after what must change nothing. */
export interface RecordsSnapshot {
  /** Signatures claimed, by the key's label. */
  readonly keyUses: Readonly<Record<string, number>>;
  readonly sods: number;
  readonly sodIntents: number;
  readonly abandonedIntents: number;
  readonly logLeaves: number;
}

/** Rows of the records, read beside a running service. */
export function rowsOf(
  home: string,
  sql: string,
  ...parameters: readonly string[]
): readonly Record<string, SQLOutputValue>[] {
  const database = new DatabaseSync(join(home, 'records.sqlite'), { readOnly: true });
  try {
    return database.prepare(sql).all(...parameters);
  } finally {
    database.close();
  }
}

/** Reads the records beside a running service. */
export function recordsSnapshot(home: string): RecordsSnapshot {
  const database = new DatabaseSync(join(home, 'records.sqlite'), { readOnly: true });
  try {
    const count = (table: string) =>
      Number(database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.['rows']);
    const keys = database.prepare('SELECT label, uses FROM keys ORDER BY label').all();
    return {
      keyUses: Object.fromEntries(keys.map(({ label, uses }) => [String(label), Number(uses)])),
      sods: count('sods'),
      sodIntents: count('sod_intents'),
      abandonedIntents: count('abandoned_intents'),
      logLeaves: count('log_leaves'),
    };
  } finally {
    database.close();
  }
}

/** All signatures claimed of Document Signers. */
export function documentSignerUses({ keyUses }: RecordsSnapshot): number {
  return Object.entries(keyUses)
    .filter(([label]) => label.startsWith('dsc-'))
    .reduce((sum, [, uses]) => sum + uses, 0);
}
