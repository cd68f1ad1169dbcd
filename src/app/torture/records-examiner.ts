import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { AnsweredSod, Breach } from './answers.ts';
import { Border } from './border.ts';
import { IssuedExaminer } from './issued-examiner.ts';
import { LogExaminer } from './log-examiner.ts';
import { sodsAfter, type StoredSod } from './stored-sods.ts';

/** A recorded SOD as it was when it was examined. */
export interface ExaminedSod {
  readonly requestId: string;
  readonly sha256: string;
  readonly documentSigner: string;
}

/** How much of the records is read. */
export interface Extent {
  /** What was read before is not read again: it is looked for in what came since only. */
  readonly isOnlyNew?: boolean;
  /** Signatures that a token in between has counted, by CKA_ID in hexadecimal; counted before this call. */
  readonly signatures?: ReadonlyMap<string, number> | undefined;
}

/**
 * Reads the records of an instance as they lie on disk, past all code that wrote them, and says which
 * invariants do not hold. It remembers what it has seen, because what is on record never changes.
 */
export class RecordsExaminer {
  readonly #path: string;
  readonly #now: () => Date;
  readonly #seen = new Map<number, ExaminedSod>();
  readonly #byRequestId = new Map<string, number>();
  readonly #log = new LogExaminer();
  readonly #issued = new IssuedExaminer();
  #border: Border | undefined;

  constructor(path: string, now: () => Date) {
    this.#path = path;
    this.#now = now;
  }

  /** SODs on record, as last examined. */
  get recorded(): number {
    return this.#seen.size;
  }

  /** Everything that has ever been issued, for whoever sees it elsewhere. */
  get issued(): IssuedExaminer {
    return this.#issued;
  }

  /** The log as it has been read. */
  get log(): LogExaminer {
    return this.#log;
  }

  /**
   * @param answered SODs that were answered before this call
   * @param isIdle whether nothing is under way, so that no intent may be open
   */
  examine(
    answered: ReadonlyMap<string, AnsweredSod>,
    isIdle: boolean,
    extent: Extent = {},
  ): readonly Breach[] {
    const { isOnlyNew = false, signatures = new Map<string, number>() } = extent;
    const database = new DatabaseSync(this.#path, { readOnly: true, timeout: 5_000 });
    try {
      database.exec('BEGIN');
      return [
        ...this.#issued.examine(database),
        ...this.#examineSods(database, answered, isOnlyNew),
        ...this.#log.examine(database, { products: this.#issued.products, sods: this.#seen, isOnlyNew }),
        ...examineUses(database, signatures),
        ...(isIdle ? openIntents(database) : []),
      ];
    } finally {
      database.close();
    }
  }

  /** Whether the file itself is whole, by SQLite's own check. */
  examineFile(): readonly Breach[] {
    const database = new DatabaseSync(this.#path, { readOnly: true, timeout: 5_000 });
    try {
      const result = database.prepare('PRAGMA integrity_check').all();
      const isWhole = result.length === 1 && result[0]?.['integrity_check'] === 'ok';
      return isWhole
        ? []
        : [{ invariant: 'I1', detail: `the database is damaged: ${JSON.stringify(result)}` }];
    } finally {
      database.close();
    }
  }

  #examineSods(
    database: DatabaseSync,
    answered: ReadonlyMap<string, AnsweredSod>,
    isOnlyNew: boolean,
  ): readonly Breach[] {
    const breaches: Breach[] = [];
    this.#border = new Border(database, this.#border);
    const from = isOnlyNew ? Math.max(-1, ...[...this.#seen.keys()].slice(-1)) : -1;
    const gone = new Set(isOnlyNew ? [] : this.#seen.keys());
    for (const sod of sodsAfter(database, from)) {
      gone.delete(sod.leafIndex);
      breaches.push(...this.#examineSod(sod, answered));
    }
    for (const leafIndex of gone) {
      breaches.push({ invariant: 'I1', detail: `the SOD at leaf ${leafIndex} is gone` });
    }
    for (const [requestId, answer] of answered) {
      const leafIndex = this.#byRequestId.get(requestId);
      const sod = leafIndex === undefined ? undefined : this.#seen.get(leafIndex);
      if (sod === undefined || sod.requestId !== requestId) {
        breaches.push({ invariant: 'I1', detail: `${requestId} was answered and is not on record` });
      } else if (
        sod.sha256 !== answer.sha256 ||
        leafIndex !== answer.logLeaf ||
        sod.documentSigner !== answer.documentSigner
      ) {
        breaches.push({
          invariant: 'I2',
          detail: `${requestId} was answered with other bytes than on record`,
        });
      }
    }
    return breaches;
  }

  #examineSod(sod: StoredSod, answered: ReadonlyMap<string, AnsweredSod>): readonly Breach[] {
    const breaches: Breach[] = [];
    const { leafIndex } = sod;
    const examined = examinedSod(sod);
    const before = this.#seen.get(leafIndex);
    if (before !== undefined && isSame(before, examined)) return [];
    const { requestId } = examined;
    if ((this.#byRequestId.get(requestId) ?? leafIndex) !== leafIndex) {
      breaches.push({ invariant: 'I2', detail: `${requestId} has two SODs on record` });
    }
    if (before !== undefined) {
      breaches.push({ invariant: 'I2', detail: `the SOD at leaf ${leafIndex} has changed on record` });
    }
    this.#seen.set(leafIndex, examined);
    this.#byRequestId.set(requestId, leafIndex);
    breaches.push(...(this.#border?.examine(sod, answered.get(requestId), this.#now()) ?? []));
    return breaches;
  }
}

function isSame(one: ExaminedSod, other: ExaminedSod): boolean {
  return (
    one.requestId === other.requestId &&
    one.sha256 === other.sha256 &&
    one.documentSigner === other.documentSigner
  );
}

function examinedSod(sod: StoredSod): ExaminedSod {
  return {
    requestId: sod.requestId,
    sha256: createHash('sha256').update(sod.efSod).digest('hex'),
    documentSigner: sod.documentSigner,
  };
}

/**
 * At least as many uses of each key as there are SODs under it, and as signatures were counted. A key that is not on
 * record yet, because a crash left it half made, has its uses in its intent.
 */
function examineUses(database: DatabaseSync, signatures: ReadonlyMap<string, number>): readonly Breach[] {
  const uses = new Map<string, number>();
  for (const row of database.prepare('SELECT key_id, uses FROM keys').all()) {
    uses.set(String(row['key_id']), Number(row['uses']));
  }
  const unsigned = database
    .prepare(
      `SELECT lower(hex(sods.document_signer)) AS signer, count(*) AS sods, certificates.key_id AS key_id
         FROM sods LEFT JOIN certificates ON certificates.sha256 = lower(hex(sods.document_signer))
        GROUP BY signer`,
    )
    .all()
    .flatMap((row): Breach[] => {
      const signer = String(row['signer']);
      const counted = uses.get(String(row['key_id']));
      const sods = Number(row['sods']);
      if (counted === undefined)
        return [{ invariant: 'I3', detail: `no key on record is of signer ${signer}` }];
      if (counted >= sods) return [];
      const detail = `${counted} uses are counted for ${sods} SODs of signer ${signer}`;
      return [{ invariant: 'I3', detail }];
    });
  const uncounted = [...signatures].flatMap(([keyId, made]): Breach[] => {
    const counted = uses.get(keyId);
    if (counted === undefined || counted >= made) return [];
    return [
      { invariant: 'I3', detail: `${counted} uses are counted of key ${keyId}, which signed ${made} times` },
    ];
  });
  return [...unsigned, ...uncounted];
}

/** What is still open although nothing is under way. */
function openIntents(database: DatabaseSync): readonly Breach[] {
  const open = ['sod_intents', 'issuance_intents'].flatMap((table) =>
    database.prepare(`SELECT * FROM ${table}`).all(),
  );
  return open.map((intent) => ({
    invariant: 'I6' as const,
    detail: `the intent ${String(intent['request_id'] ?? intent['intent_id'])} stays open`,
  }));
}
