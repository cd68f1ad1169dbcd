import { createHash } from 'node:crypto';
import type { LogEvent } from '../../formats/log/log-leaf.ts';
import { InvariantBroken, Refused } from '../../services/errors.ts';
import type {
  Acceptance,
  ExchangeRecords,
  GivenResponse,
  SentRequest,
} from '../../services/exchange/exchange-records.ts';
import type { CertificateRecord, CrlRecord } from '../../services/ports.ts';
import type { GroupCommit } from './group-commit.ts';
import { certificateRow, crlRow } from './issued-rows.ts';
import { countKeyUse } from './key-uses.ts';
import { latestAct } from './latest-act.ts';
import type { RecordedClock } from './recorded-clock.ts';
import type { LogLeaves } from './log-leaves.ts';
import type { Schema } from './schema.ts';
import { queries, type SqliteDatabase } from './sqlite.ts';
import { insertWaived } from './waived-findings.ts';

/** ExchangeRecords on SQLite. */
export class SqliteExchangeRecords implements ExchangeRecords {
  readonly #database: SqliteDatabase;
  readonly #commits: GroupCommit;
  readonly #leaves: LogLeaves;
  readonly #clock: RecordedClock;

  constructor(database: SqliteDatabase, commits: GroupCommit, leaves: LogLeaves, clock: RecordedClock) {
    this.#database = database;
    this.#commits = commits;
    this.#leaves = leaves;
    this.#clock = clock;
  }

  instanceId(): Promise<string> {
    return this.#commits.read(() => {
      const row = this.#database.first(
        queries.selectFrom('meta').select('value').where('key', '=', 'instance-id'),
      );
      if (row === undefined) throw new InvariantBroken('the records have no instance id');
      return row.value;
    });
  }

  lastActAt(): Promise<Date | undefined> {
    return this.#commits.read(() => latestAct(this.#database));
  }

  beginRequest({ sequence, content, keyIds }: Parameters<ExchangeRecords['beginRequest']>[0]): Promise<void> {
    return this.#commits.write(() => {
      this.#clock.assertNotSetBack();
      assertNext('request', sequence, this.#latestRequest()?.sequence ?? 0);
      for (const keyId of keyIds) countKeyUse(this.#database, keyId);
      this.#database.run(
        queries.insertInto('exchange_requests').values({
          sequence,
          state: 'begun',
          content,
          key_ids: JSON.stringify(keyIds),
          bundle: null,
          begun_at: this.#now(),
          ended_at: null,
          reason: null,
        }),
      );
    });
  }

  recordRequest(sequence: number, bundle: Uint8Array): Promise<void> {
    return this.#commits.write(() => {
      const recorded = this.#database.run(
        queries
          .updateTable('exchange_requests')
          .set({ state: 'open', bundle })
          .where('sequence', '=', sequence)
          .where('state', '=', 'begun'),
      );
      if (recorded !== 1) throw new InvariantBroken(`request ${sequence} has not begun`);
      this.#appendLeaf('bundle', bundle);
    });
  }

  withdrawRequest(sequence: number, reason: string): Promise<void> {
    return this.#commits.write(() => this.#endRequest(sequence, 'withdrawn', reason));
  }

  latestRequest(): Promise<SentRequest | undefined> {
    return this.#commits.read(() => {
      return this.#latestRequest();
    });
  }

  beginResponse(response: Parameters<ExchangeRecords['beginResponse']>[0]): Promise<void> {
    return this.#commits.write(() => {
      this.#clock.assertNotSetBack();
      const latest = this.#latestResponse();
      assertNext('response', response.sequence, latest?.sequence ?? 0);
      if (response.requestSequence <= (latest?.requestSequence ?? 0)) {
        throw new Refused('duplicate', `request ${response.requestSequence} comes after a later one`, {
          rule: 'E-SEQ',
          field: 'sequence',
          mend: 'process requests in their order, each once',
        });
      }
      this.#database.run(
        queries.insertInto('exchange_responses').values({
          sequence: response.sequence,
          request_sequence: response.requestSequence,
          request: response.request,
          key_ids: null,
          content: null,
          bundle: null,
          begun_at: this.#now(),
        }),
      );
    });
  }

  prepareResponse(sequence: number, content: Uint8Array, keyIds: readonly string[]): Promise<void> {
    return this.#commits.write(() => {
      for (const keyId of keyIds) countKeyUse(this.#database, keyId);
      this.#database.run(
        queries
          .updateTable('exchange_responses')
          .set({ content, key_ids: JSON.stringify(keyIds) })
          .where('sequence', '=', sequence),
      );
    });
  }

  recordResponse(sequence: number, bundle: Uint8Array): Promise<void> {
    return this.#commits.write(() => {
      this.#database.run(
        queries.updateTable('exchange_responses').set({ bundle }).where('sequence', '=', sequence),
      );
      this.#appendLeaf('bundle', bundle);
    });
  }

  latestResponse(): Promise<GivenResponse | undefined> {
    return this.#commits.read(() => {
      return this.#latestResponse();
    });
  }

  findResponse(sequence: number): Promise<GivenResponse | undefined> {
    return this.#commits.read(() => {
      return responseFrom(
        this.#database.first(
          queries.selectFrom('exchange_responses').selectAll().where('sequence', '=', sequence),
        ),
      );
    });
  }

  countUses(keyIds: readonly string[]): Promise<void> {
    return this.#commits.write(() => {
      for (const keyId of keyIds) countKeyUse(this.#database, keyId);
    });
  }

  accept(acceptance: Acceptance): Promise<void> {
    const { requestSequence, responseSequence, sha256, certificates, crl } = acceptance;
    return this.#commits.write(() => {
      this.#clock.assertNotSetBack();
      this.#endRequest(requestSequence, 'answered', `response ${responseSequence}`);
      for (const certificate of certificates) this.#recordCertificate(certificate);
      this.#recordCrl(crl);
      insertWaived(this.#database, acceptance.waived);
      this.#recordRollover(acceptance);
      this.#database.run(
        queries
          .insertInto('exchange_accepted')
          .values({ sequence: responseSequence, sha256, accepted_at: this.#now() }),
      );
    });
  }

  latestAccepted(): Promise<{ sequence: number; sha256: string } | undefined> {
    return this.#commits.read(() => {
      return this.#database.first(
        queries
          .selectFrom('exchange_accepted')
          .select(['sequence', 'sha256'])
          .orderBy('sequence', 'desc')
          .limit(1),
      );
    });
  }

  #latestRequest(): SentRequest | undefined {
    const row = this.#database.first(
      queries.selectFrom('exchange_requests').selectAll().orderBy('sequence', 'desc').limit(1),
    );
    return (
      row && {
        sequence: row.sequence,
        state: row.state as SentRequest['state'],
        content: row.content,
        keyIds: JSON.parse(row.key_ids) as string[],
        bundle: row.bundle ?? undefined,
      }
    );
  }

  #latestResponse(): GivenResponse | undefined {
    return responseFrom(
      this.#database.first(
        queries.selectFrom('exchange_responses').selectAll().orderBy('sequence', 'desc').limit(1),
      ),
    );
  }

  #endRequest(sequence: number, state: 'answered' | 'withdrawn', reason: string): void {
    const ended = this.#database.run(
      queries
        .updateTable('exchange_requests')
        .set({ state, reason, ended_at: this.#now() })
        .where('sequence', '=', sequence)
        .where('state', 'in', state === 'answered' ? ['open'] : ['begun', 'open']),
    );
    if (ended === 1) return;
    throw new Refused('duplicate', `request ${sequence} is not open`, {
      rule: 'E-ANSWER',
      field: 'answers',
      mend: 'accept the response to the request that is open, once',
    });
  }

  #recordCertificate(record: CertificateRecord): void {
    const serialNumber = record.serialNumber.toString(16);
    this.#database.run(queries.insertInto('serial_numbers').values({ serial_number: serialNumber }));
    this.#database.run(queries.insertInto('certificates').values(certificateRow(record)));
    this.#appendLeaf('certificate', record.der);
  }

  #recordRollover({ rollover, isRolledOver }: Acceptance): void {
    if (isRolledOver) {
      this.#database.run(
        queries.updateTable('rollovers').set({ executed_at: this.#now() }).where('executed_at', 'is', null),
      );
    }
    if (rollover === undefined) return;
    const announcedAt = rollover.announcedAt.toISOString();
    this.#database.run(
      queries.insertInto('rollovers').values({
        announced_at: announcedAt,
        not_before: rollover.notBefore.toISOString(),
        executed_at: null,
      }),
    );
    this.#appendLeaf('rollover', Buffer.from(announcedAt));
  }

  #recordCrl(crl: CrlRecord): void {
    this.#database.run(queries.insertInto('crls').values(crlRow(crl)));
    this.#appendLeaf('crl', crl.der);
  }

  #appendLeaf(event: LogEvent['event'], product: Uint8Array): void {
    const sha256 = createHash('sha256').update(product).digest('hex');
    this.#leaves.append({ event, sha256, at: this.#now() });
  }

  #now(): string {
    return this.#clock.now().toISOString();
  }
}

function responseFrom(row: Schema['exchange_responses'] | undefined): GivenResponse | undefined {
  if (row === undefined) return undefined;
  return {
    sequence: row.sequence,
    requestSequence: row.request_sequence,
    request: row.request,
    content: row.content ?? undefined,
    keyIds: row.key_ids === null ? [] : (JSON.parse(row.key_ids) as string[]),
    bundle: row.bundle ?? undefined,
  };
}

function assertNext(what: string, asked: number, highest: number): void {
  if (asked === highest + 1) return;
  throw new Refused('duplicate', `${what} ${asked} does not follow ${highest}`, {
    rule: 'E-SEQ',
    field: 'sequence',
    mend: `use ${highest + 1}`,
  });
}
