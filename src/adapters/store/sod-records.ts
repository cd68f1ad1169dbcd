import { hash } from 'node:crypto';
import { sql } from 'kysely';
import type { DigestName } from '../../formats/algorithms/digests.ts';
import type { LdsVersion } from '../../rules/sod/sod-rules.ts';
import { InvariantBroken } from '../../services/errors.ts';
import type { RecordedSod, SodClaim, SodIntent, SodRecords } from '../../services/ports.ts';
import type { GroupCommit } from './group-commit.ts';
import { countKeyUse } from './key-uses.ts';
import type { LogLeaves } from './log-leaves.ts';
import { sodCheck } from './record-check.ts';
import { prepareQuery } from './prepared-query.ts';
import type { RecordedClock } from './recorded-clock.ts';
import type { Schema } from './schema.ts';
import { queries, type SqliteDatabase } from './sqlite.ts';
import { StoredSods } from './stored-sods.ts';

interface OfRequest {
  readonly requestId: string;
}

const sodOf = prepareQuery((of: OfRequest) =>
  queries.selectFrom('sods').selectAll().where('request_id', '=', of.requestId),
);

const intentOf = prepareQuery((of: OfRequest) =>
  queries.selectFrom('sod_intents').selectAll().where('request_id', '=', of.requestId),
);

const deleteIntent = prepareQuery((of: OfRequest) =>
  queries.deleteFrom('sod_intents').where('request_id', '=', of.requestId),
);

/** Inserts nothing where the request id is taken: one statement, because a claim nearly always succeeds. */
const insertIntent = prepareQuery((row: Schema['sod_intents']) =>
  queries
    .insertInto('sod_intents')
    .columns(['request_id', 'content_digest', 'key_id', 'content', 'signing_time'])
    .expression(
      queries
        .selectNoFrom([
          sql<string>`${row.request_id}`.as('request_id'),
          sql<Uint8Array>`${row.content_digest}`.as('content_digest'),
          sql<string>`${row.key_id}`.as('key_id'),
          sql<string>`${row.content}`.as('content'),
          sql<string>`${row.signing_time}`.as('signing_time'),
        ])
        .where((eb) =>
          eb.not(
            eb.exists(eb.selectFrom('sods').select('leaf_index').where('request_id', '=', row.request_id)),
          ),
        ),
    )
    .onConflict((conflict) => conflict.column('request_id').doNothing()),
);

/** SodRecords on SQLite. Reads see what is committed or being committed by this, the only, writer. */
export class SqliteSodRecords implements SodRecords {
  readonly #database: SqliteDatabase;
  readonly #commits: GroupCommit;
  readonly #leaves: LogLeaves;
  readonly #stored: StoredSods;
  readonly #clock: RecordedClock;

  constructor(database: SqliteDatabase, commits: GroupCommit, leaves: LogLeaves, clock: RecordedClock) {
    this.#database = database;
    this.#commits = commits;
    this.#leaves = leaves;
    this.#stored = new StoredSods(database);
    this.#clock = clock;
  }

  async claim(intent: SodIntent): Promise<SodClaim> {
    const claim = await this.#commits.write((): SodClaim => {
      if (this.#database.run(insertIntent(intentRow(intent))) === 0) return this.#takenBy(intent.requestId);
      this.#clock.assertNotSetBack();
      countKeyUse(this.#database, intent.keyId);
      return { kind: 'claimed' };
    });
    if (claim.kind === 'claimed') this.#commits.foresee(1);
    return claim;
  }

  countUse(intent: SodIntent): Promise<void> {
    return this.#commits.write(() => countKeyUse(this.#database, intent.keyId));
  }

  async record(intent: SodIntent, efSod: Uint8Array, documentSigner: string): Promise<RecordedSod> {
    const stored = this.#stored.compact(efSod, documentSigner);
    this.#commits.foresee(-1);
    const recorded = await this.#commits.write(() => {
      this.#endIntent(intent);
      const sha256 = hash('sha256', efSod);
      const logLeaf = this.#leaves.append(
        { event: 'sod', sha256, at: this.#clock.now().toISOString() },
        sodCheck({ ...intent, documentSigner }, stored),
      );
      const { requestId, contentDigest } = intent;
      const sod = { requestId, contentDigest, efSod, documentSigner, logLeaf };
      this.#stored.insert(sod, stored);
      return sod;
    });
    this.#stored.offer(recorded, stored);
    return recorded;
  }

  abandon(intent: SodIntent, reason: string): Promise<void> {
    this.#commits.foresee(-1);
    return this.#commits.write(() => {
      this.#endIntent(intent);
      this.#database.run(
        queries.insertInto('abandoned_intents').values({
          intent_id: `sod:${intent.requestId}`,
          content: intentRow(intent).content,
          reason,
          abandoned_at: this.#clock.now().toISOString(),
        }),
      );
    });
  }

  find(requestId: string): Promise<RecordedSod | undefined> {
    return this.#commits.read(() => this.#find(requestId));
  }

  openIntents(): Promise<readonly SodIntent[]> {
    return this.#commits.read(() =>
      this.#database.all(queries.selectFrom('sod_intents').selectAll()).map(intentFromRow),
    );
  }

  #find(requestId: string): RecordedSod | undefined {
    const row = this.#database.first(sodOf({ requestId }));
    return row && this.#stored.read(row);
  }

  #takenBy(requestId: string): SodClaim {
    const sod = this.#find(requestId);
    if (sod !== undefined) return { kind: 'recorded', sod };
    const row = this.#database.first(intentOf({ requestId }));
    if (row !== undefined) return { kind: 'open', intent: intentFromRow(row) };
    throw new InvariantBroken(`request ${requestId} could not be claimed, and nobody has it`);
  }

  #endIntent({ requestId }: SodIntent): void {
    const ended = this.#database.run(deleteIntent({ requestId }));
    if (ended !== 1) throw new InvariantBroken(`request ${requestId} has no open intent to end`);
  }
}

interface IntentContent {
  readonly documentType: string;
  readonly digestAlgorithm: DigestName;
  readonly lds: LdsVersion;
  readonly dataGroupHashes: readonly (readonly [number, string])[];
}

function intentRow(intent: SodIntent): Schema['sod_intents'] {
  const content: IntentContent = {
    documentType: intent.documentType,
    digestAlgorithm: intent.digestAlgorithm,
    lds: intent.lds,
    dataGroupHashes: [...intent.dataGroupHashes].map(
      ([number, hash]) => [number, Buffer.from(hash).toString('base64')] as const,
    ),
  };
  return {
    request_id: intent.requestId,
    content_digest: Buffer.from(intent.contentDigest, 'hex'),
    key_id: intent.keyId,
    content: JSON.stringify(content),
    signing_time: intent.signingTime.toISOString(),
  };
}

function intentFromRow(row: Schema['sod_intents']): SodIntent {
  const content = JSON.parse(row.content) as IntentContent;
  return {
    requestId: row.request_id,
    contentDigest: Buffer.from(row.content_digest).toString('hex'),
    keyId: row.key_id,
    documentType: content.documentType,
    digestAlgorithm: content.digestAlgorithm,
    lds: content.lds,
    dataGroupHashes: new Map(
      content.dataGroupHashes.map(([number, hash]) => [number, Uint8Array.from(Buffer.from(hash, 'base64'))]),
    ),
    signingTime: new Date(row.signing_time),
  };
}
