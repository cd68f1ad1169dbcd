import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Policies } from '../../rules/profile/policies.ts';
import type { LogEvent } from '../../formats/log/log-leaf.ts';
import { InvariantBroken, Refused } from '../../services/errors.ts';
import type {
  CertificateRecord,
  CrlRecord,
  IssuanceIntent,
  IssuanceRecords,
  KeyEnd,
  KeyOrder,
  KeyRecord,
  MasterListRecord,
  Revocation,
  RevocationFilter,
  Rollover,
  WaivedRecord,
} from '../../services/ports.ts';
import type { GroupCommit } from './group-commit.ts';
import { certificateFrom, certificateRow, crlFrom, crlRow } from './issued-rows.ts';
import { insertWaived } from './waived-findings.ts';
import { intentFromJson, intentId, intentToJson } from './issuance-intent.ts';
import { countKeyUse } from './key-uses.ts';
import type { LogLeaves } from './log-leaves.ts';
import type { RecordedClock } from './recorded-clock.ts';
import type { Schema } from './schema.ts';
import { queries, type SqliteDatabase } from './sqlite.ts';

/** Two may be of the same millisecond; their rows are not. */
const inOrderOfRecording = sql`rowid`;

/** Rows of certificates are added, and never changed. */
interface ReadCertificates {
  version: string;
  lastRow: number;
  records: readonly CertificateRecord[];
  /** Of pages after which there are more. */
  readonly added: CertificateRecord[];
}

/** Read at a time; then others get their turn. */
const pageRows = 2_000;
/** Hexadecimal digits of 20 octets (RFC 5280 §4.1.2.2). */
const longestSerialNumber = 40;

/** IssuanceRecords on SQLite. */
export class SqliteIssuanceRecords implements IssuanceRecords {
  readonly #database: SqliteDatabase;
  readonly #commits: GroupCommit;
  readonly #leaves: LogLeaves;
  readonly #clock: RecordedClock;
  /** As they were read last; after any write those that were added are read. */
  readonly #certificates: ReadCertificates = { version: '', lastRow: 0, records: [], added: [] };
  /** As they were read last; read again when there is a newer one. */
  #latestCrl: CrlRecord | undefined;
  #latestMasterList: MasterListRecord | undefined;

  constructor(database: SqliteDatabase, commits: GroupCommit, leaves: LogLeaves, clock: RecordedClock) {
    this.#database = database;
    this.#commits = commits;
    this.#leaves = leaves;
    this.#clock = clock;
  }

  begin(intent: IssuanceIntent): Promise<void> {
    return this.#commits.write(() => {
      this.#clock.assertNotSetBack();
      this.#claim(intent);
      this.#database.run(
        queries.insertInto('issuance_intents').values({
          intent_id: intentId(intent),
          content: intentToJson(intent),
          begun_at: this.#clock.now().toISOString(),
          proofs: 0,
        }),
      );
      this.#countUse(intent);
    });
  }

  countUse(intent: IssuanceIntent): Promise<void> {
    return this.#commits.write(() => this.#countUse(intent));
  }

  openIntents(): Promise<readonly IssuanceIntent[]> {
    return this.#commits.read(() => {
      const rows = this.#database.all(
        queries.selectFrom('issuance_intents').select('content').orderBy('begun_at'),
      );
      return rows.map((row) => intentFromJson(row.content));
    });
  }

  recordKey(order: KeyOrder, createdAt: Date): Promise<void> {
    return this.#commits.write(() => {
      const id = intentId({ kind: 'key', order });
      const begun = this.#database.first(
        queries.selectFrom('issuance_intents').select('proofs').where('intent_id', '=', id),
      );
      this.#end(id);
      this.#database.run(
        queries.insertInto('keys').values({
          key_id: order.keyId,
          role: order.role,
          label: order.label,
          key_algorithm: order.keyAlgorithm,
          created_at: createdAt.toISOString(),
          uses: begun?.proofs ?? 0,
          usage_limit: order.usageLimit ?? null,
        }),
      );
      this.#appendLeaf('key', Buffer.from(order.keyId, 'hex'));
    });
  }

  async recordPolicies({ digest, sources }: Pick<Policies, 'digest' | 'sources'>): Promise<void> {
    const known = queries.selectFrom('policy_sets').select('digest').where('digest', '=', digest);
    if ((await this.#commits.read(() => this.#database.first(known))) !== undefined) return;
    await this.#commits.write(() => {
      const row = { digest, files: JSON.stringify(sources), first_used_at: this.#clock.now().toISOString() };
      this.#database.run(
        queries
          .insertInto('policy_sets')
          .values(row)
          .onConflict((conflict) => conflict.doNothing()),
      );
    });
  }

  recordCertificate(record: CertificateRecord, waived: readonly WaivedRecord[] = []): Promise<void> {
    return this.#commits.write(() => {
      const serialNumber = record.serialNumber.toString(16);
      this.#end(`certificate:${serialNumber}`);
      this.#database.run(queries.insertInto('certificates').values(certificateRow(record)));
      insertWaived(this.#database, waived);
      this.#appendLeaf('certificate', record.der);
    });
  }

  async recordCrl(
    record: CrlRecord,
    { profiles, listed, waived = [] }: Parameters<IssuanceRecords['recordCrl']>[1],
  ): Promise<void> {
    // All but the last few in transactions of their own: 100,000 in one hold everybody else for a third of a second.
    // Where that is broken off, the next CRL is made from all revocations, because these do not fit the last one.
    for (let marked = pageRows; marked === pageRows; ) {
      marked = await this.#commits.write(() => this.#list(record, profiles));
    }
    await this.#commits.write(() => {
      this.#list(record, profiles);
      const onRecord = this.#countListed();
      if (onRecord !== listed) {
        throw new InvariantBroken(`CRL ${record.crlNumber} lists ${listed} revocations and not ${onRecord}`);
      }
      this.#end(`crl:${record.crlNumber}`);
      this.#database.run(queries.insertInto('crls').values(crlRow(record)));
      insertWaived(this.#database, waived);
      this.#appendLeaf('crl', record.der);
    });
    // It may have megabytes, which nobody need read again.
    this.#latestCrl = record;
  }

  recordMasterList(record: MasterListRecord): Promise<void> {
    return this.#commits.write(() => {
      this.#end(`master-list:${record.version}`);
      this.#database.run(
        queries
          .insertInto('master_lists')
          .values({ version: record.version, signed_at: record.signedAt.toISOString(), der: record.der }),
      );
      this.#appendLeaf('master-list', record.der);
    });
  }

  abandon(intent: IssuanceIntent, reason: string): Promise<void> {
    return this.#commits.write(() => {
      const id = intentId(intent);
      this.#end(id);
      if (intent.kind === 'crl') this.#unlist(intent.crlNumber);
      this.#database.run(
        queries.insertInto('abandoned_intents').values({
          intent_id: id,
          content: intentToJson(intent),
          reason,
          abandoned_at: this.#clock.now().toISOString(),
        }),
      );
    });
  }

  keys(): Promise<readonly KeyRecord[]> {
    return this.#commits.read(() => {
      const ends = this.#database.all(queries.selectFrom('key_events').selectAll());
      const endOf = (keyId: string, state: string): KeyEnd | undefined => {
        const end = ends.find((event) => event.key_id === keyId && event.state === state);
        return end && { at: new Date(end.at), reason: end.reason };
      };
      return this.#database
        .all(queries.selectFrom('keys').selectAll().orderBy('created_at').orderBy('label'))
        .map((row) => ({
          keyId: row.key_id,
          role: row.role as KeyRecord['role'],
          label: row.label,
          keyAlgorithm: row.key_algorithm,
          usageLimit: row.usage_limit ?? undefined,
          createdAt: new Date(row.created_at),
          uses: row.uses,
          retired: endOf(row.key_id, 'retired'),
          destroyed: endOf(row.key_id, 'destroyed'),
        }));
    });
  }

  version(): Promise<string> {
    // Of all of these rows are added and never taken away.
    const count = (table: 'certificates' | 'revocations' | 'keys' | 'key_events') =>
      this.#database.first(queries.selectFrom(table).select((eb) => eb.fn.countAll<number>().as('rows')))
        ?.rows ?? 0;
    return this.#commits.read(() =>
      [count('certificates'), count('revocations'), count('keys'), count('key_events')].join(' '),
    );
  }

  async certificates(): Promise<readonly CertificateRecord[]> {
    while (!(await this.#commits.read(() => this.#readAdded()))) await setImmediate();
    return this.#certificates.records;
  }

  certificatesOf(profiles: readonly string[]): Promise<readonly CertificateRecord[]> {
    return this.#commits.read(() => {
      const query = queries.selectFrom('certificates').selectAll().where('profile', 'in', profiles);
      return this.#database.all(query.orderBy(inOrderOfRecording)).map(certificateFrom);
    });
  }

  /** @returns whether these are all, and not a page after which others get their turn */
  #readAdded(): boolean {
    const { version } = this.#database;
    const { lastRow, records, added } = this.#certificates;
    if (this.#certificates.version === version) return true;
    const rows = this.#database.all(
      queries
        .selectFrom('certificates')
        .selectAll()
        .select(sql<number>`rowid`.as('row'))
        .where(inOrderOfRecording, '>', lastRow)
        .orderBy(inOrderOfRecording)
        .limit(pageRows),
    );
    for (const row of rows) added.push(certificateFrom(row));
    this.#certificates.lastRow = rows.at(-1)?.row ?? lastRow;
    if (rows.length === pageRows) return false;
    if (added.length > 0) this.#certificates.records = [...records, ...added.splice(0)];
    this.#certificates.version = version;
    return true;
  }

  latestCrl(): Promise<CrlRecord | undefined> {
    return this.#commits.read(() => {
      const highest = this.#highest('crls', 'crl_number');
      if (this.#latestCrl === undefined || Number(this.#latestCrl.crlNumber) !== highest) {
        this.#latestCrl = this.#readLatestCrl();
      }
      return this.#latestCrl;
    });
  }

  #readLatestCrl(): CrlRecord | undefined {
    const row = this.#database.first(
      queries.selectFrom('crls').selectAll().orderBy('crl_number', 'desc').limit(1),
    );
    return row && crlFrom(row);
  }

  latestMasterList(): Promise<MasterListRecord | undefined> {
    return this.#commits.read(() => {
      const highest = this.#highest('master_lists', 'version');
      if (this.#latestMasterList?.version !== highest) this.#latestMasterList = this.#readLatestMasterList();
      return this.#latestMasterList;
    });
  }

  #readLatestMasterList(): MasterListRecord | undefined {
    const row = this.#database.first(
      queries.selectFrom('master_lists').selectAll().orderBy('version', 'desc').limit(1),
    );
    if (row === undefined) return undefined;
    return { version: row.version, signedAt: new Date(row.signed_at), der: row.der };
  }

  findRevocation(serialNumber: bigint): Promise<Revocation | undefined> {
    return this.#commits.read(() => {
      const serial = serialNumber.toString(16);
      const row = this.#database.first(
        queries.selectFrom('revocations').selectAll().where('serial_number', '=', serial),
      );
      return row && revocationFrom(row);
    });
  }

  async *revocations(filter: RevocationFilter): AsyncIterable<readonly Revocation[]> {
    // Hexadecimal without leading zeros is in the order of the numbers among those of one length.
    for (let digits = 1; digits <= longestSerialNumber; digits += 1) {
      for (let after = ''; ; ) {
        const query = revocationsAfter(digits, after, filter);
        const rows = await this.#commits.read(() => this.#database.all(query));
        if (rows.length > 0) yield rows.map(revocationFrom);
        const last = rows.at(-1);
        if (last === undefined || rows.length < pageRows) break;
        after = last.serial_number;
        await setImmediate();
      }
    }
  }

  listedRevocations(): Promise<number> {
    return this.#commits.read(() => this.#countListed());
  }

  #countListed(): number {
    const query = queries
      .selectFrom('revocations')
      .select((eb) => eb.fn.countAll<number>().as('listed'))
      .where('crl_number', 'is not', null);
    return this.#database.first(query)?.listed ?? 0;
  }

  /** @returns how many, a page at most */
  #list({ crlNumber, thisUpdate }: CrlRecord, profiles: readonly string[]): number {
    const unlisted = queries
      .selectFrom('revocations')
      .select('serial_number')
      .where('crl_number', 'is', null)
      // revoked_at may have a fraction of a second, which the CRL has not.
      .where('revoked_at', '<', new Date(thisUpdate.getTime() + 1_000).toISOString())
      .where(isOfProfiles(profiles))
      .limit(pageRows);
    return this.#database.run(
      queries
        .updateTable('revocations')
        .set({ crl_number: Number(crlNumber) })
        .where('serial_number', 'in', unlisted),
    );
  }

  /** What a CRL was about to list, and then did not. */
  #unlist(crlNumber: bigint): void {
    this.#database.run(
      queries
        .updateTable('revocations')
        .set({ crl_number: null })
        .where('crl_number', '=', Number(crlNumber)),
    );
  }

  revoke({ serialNumber, revocationDate, reason }: Revocation): Promise<void> {
    return this.#commits.write(() => {
      const serial = serialNumber.toString(16);
      const bySerial = (table: 'certificates' | 'revocations') =>
        this.#database.first(
          queries.selectFrom(table).select('serial_number').where('serial_number', '=', serial),
        );
      if (bySerial('certificates') === undefined) {
        throw new Refused('not-found', `no certificate has the serial number ${serial}`, {
          field: 'serialNumber',
          mend: 'sigillo find shows the certificates on record',
        });
      }
      if (bySerial('revocations') !== undefined) {
        throw new Refused('duplicate', `the certificate with serial number ${serial} is revoked already`, {
          rule: 'R-DUP',
          field: 'serialNumber',
          mend: 'nothing is to be done',
        });
      }
      const at = revocationDate.toISOString();
      this.#database.run(
        queries.insertInto('revocations').values({ serial_number: serial, revoked_at: at, reason }),
      );
      this.#appendLeaf(
        'revocation',
        Buffer.from(serial.padStart(serial.length + (serial.length % 2), '0'), 'hex'),
      );
      this.#retireKeyOf(serial, revocationDate);
    });
  }

  /**
   * With the certificate its key ends, in the same transaction: no signature is begun with it after that. The key of
   * a CSCA does not: it signs the CRL that says so, and a link certificate is one of two on the same key.
   */
  #retireKeyOf(serial: string, at: Date): void {
    const key = this.#database.first(
      queries
        .selectFrom('certificates')
        .innerJoin('keys', 'keys.key_id', 'certificates.key_id')
        .leftJoin('key_events', 'key_events.key_id', 'keys.key_id')
        .select(['keys.key_id', 'keys.role', 'key_events.state'])
        .where('certificates.serial_number', '=', serial),
    );
    if (key === undefined || key.state !== null || ['csca', 'access-ca'].includes(key.role)) return;
    this.#endKey(key.key_id, 'retired', { at, reason: 'its certificate was revoked' });
  }

  endKey(keyId: string, state: 'retired' | 'destroyed', end: KeyEnd): Promise<void> {
    return this.#commits.write(() => this.#endKey(keyId, state, end));
  }

  #endKey(keyId: string, state: 'retired' | 'destroyed', { at, reason }: KeyEnd): void {
    // A command may have ended it since the service looked.
    const ended = this.#database.run(
      queries
        .insertInto('key_events')
        .values({ key_id: keyId, state, at: at.toISOString(), reason })
        .onConflict((conflict) => conflict.columns(['key_id', 'state']).doNothing()),
    );
    if (ended === 0) return;
    this.#appendLeaf('key-end', Buffer.from(`${keyId} ${state}`));
  }

  rollovers(): Promise<readonly Rollover[]> {
    return this.#commits.read(() => {
      return this.#database
        .all(queries.selectFrom('rollovers').selectAll().orderBy('announced_at'))
        .map((row) => ({
          announcedAt: new Date(row.announced_at),
          notBefore: new Date(row.not_before),
          executedAt: row.executed_at === null ? undefined : new Date(row.executed_at),
        }));
    });
  }

  announceRollover({ announcedAt, notBefore }: Rollover): Promise<void> {
    return this.#commits.write(() => {
      this.#clock.assertNotSetBack();
      this.#database.run(
        queries.insertInto('rollovers').values({
          announced_at: announcedAt.toISOString(),
          not_before: notBefore.toISOString(),
          executed_at: null,
        }),
      );
      this.#appendLeaf('rollover', Buffer.from(announcedAt.toISOString()));
    });
  }

  executeRollover(announcedAt: Date, executedAt: Date): Promise<void> {
    return this.#commits.write(() => {
      this.#database.run(
        queries
          .updateTable('rollovers')
          .set({ executed_at: executedAt.toISOString() })
          .where('announced_at', '=', announcedAt.toISOString()),
      );
    });
  }

  /** What the intent takes once and for ever: a serial number, or the next CRL number or list version. */
  #claim(intent: IssuanceIntent): void {
    switch (intent.kind) {
      case 'key':
        return;
      case 'certificate':
        this.#claimSerialNumber(intent.order.serialNumber.toString(16));
        return;
      case 'crl':
        assertNext('CRL number', Number(intent.crlNumber), this.#highest('crls', 'crl_number'));
        return;
      case 'master-list':
        assertNext('master list version', intent.version, this.#highest('master_lists', 'version'));
    }
  }

  isSerialNumberTaken(serialNumber: bigint): Promise<boolean> {
    return this.#commits.read(() => this.#isTaken(serialNumber.toString(16)));
  }

  #isTaken(serialNumber: string): boolean {
    const query = queries.selectFrom('serial_numbers').selectAll().where('serial_number', '=', serialNumber);
    return this.#database.first(query) !== undefined;
  }

  #claimSerialNumber(serialNumber: string): void {
    if (this.#isTaken(serialNumber)) {
      throw new Refused('duplicate', `serial number ${serialNumber} was used before`, {
        rule: 'C-SER',
        source: 'Doc 9303-12 Table 5',
        mend: 'draw another one',
      });
    }
    this.#database.run(queries.insertInto('serial_numbers').values({ serial_number: serialNumber }));
  }

  #highest(table: 'crls' | 'master_lists', column: 'crl_number' | 'version'): number {
    const highest = queries.dynamic.ref(column);
    const query = queries
      .selectFrom(table)
      .select((eb) => eb.fn.max<number | null>(highest).as('highest'))
      .compile();
    return this.#database.first(query)?.highest ?? 0;
  }

  /** A key pair that is being made proves itself by a signature; that one is counted with its intent. */
  #countUse(intent: IssuanceIntent): void {
    const keyId = signingKeyOf(intent);
    if (keyId !== undefined) {
      countKeyUse(this.#database, keyId);
      return;
    }
    this.#database.run(
      queries
        .updateTable('issuance_intents')
        .set((eb) => ({ proofs: eb('proofs', '+', 1) }))
        .where('intent_id', '=', intentId(intent)),
    );
  }

  #end(id: string): void {
    const ended = this.#database.run(queries.deleteFrom('issuance_intents').where('intent_id', '=', id));
    if (ended !== 1) throw new InvariantBroken(`there is no open intent ${id} to end`);
  }

  #appendLeaf(event: LogEvent['event'], product: Uint8Array): void {
    const sha256 = createHash('sha256').update(product).digest('hex');
    this.#leaves.append({ event, sha256, at: this.#clock.now().toISOString() });
  }
}

/** Looked up for each revocation: a list of all certificates would be made anew for every page. */
function isOfProfiles(profiles: readonly string[]) {
  const profileOfIt = sql<string>`(SELECT profile FROM certificates
    WHERE certificates.serial_number = revocations.serial_number)`;
  return sql<boolean>`${profileOfIt} IN (${sql.join(profiles)})`;
}

function revocationsAfter(digits: number, after: string, { profiles, isUnlisted }: RevocationFilter) {
  const query = queries
    .selectFrom('revocations')
    .selectAll()
    .where(sql`length(serial_number)`, '=', digits)
    .where('serial_number', '>', after)
    .where(isOfProfiles(profiles));
  const wanted = isUnlisted ? query.where('crl_number', 'is', null) : query;
  return wanted.orderBy('serial_number').limit(pageRows);
}

function revocationFrom(
  row: Pick<Schema['revocations'], 'serial_number' | 'revoked_at' | 'reason'>,
): Revocation {
  return {
    serialNumber: BigInt(`0x${row.serial_number}`),
    revocationDate: new Date(row.revoked_at),
    reason: row.reason,
  };
}

/** Undefined for a key pair that is being made. */
function signingKeyOf(intent: IssuanceIntent): string | undefined {
  switch (intent.kind) {
    case 'key':
      return undefined;
    case 'certificate': {
      const { issuer, subjectKey } = intent.order;
      return issuer?.keyId ?? ('keyId' in subjectKey ? subjectKey.keyId : undefined);
    }
    case 'crl':
    case 'master-list':
      return intent.keyId;
  }
}

function assertNext(what: string, asked: number, highest: number): void {
  if (asked === highest + 1) return;
  throw new Refused('duplicate', `${what} ${asked} does not follow ${highest}`, {
    rule: 'R-NUM',
    source: 'Doc 9303-12 §7.1.4',
    mend: `use ${highest + 1}`,
  });
}
