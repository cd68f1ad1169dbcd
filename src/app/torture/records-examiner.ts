import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { type CertificateList, decodeCrl } from '../../formats/x509/crl.ts';
import {
  buildTrustStore,
  passiveAuthentication,
  type TrustStore,
} from '../../rules/passive-authentication/index.ts';
import type { AnsweredSod, Breach } from './answers.ts';
import { wholeEfSod } from './stored-sod.ts';

interface SodRow {
  readonly leaf_index: number;
  readonly request_id: string;
  readonly document_signer: Uint8Array;
  readonly ef_sod: Uint8Array;
}
interface LeafRow {
  readonly leaf_index: number;
  readonly leaf_hash: Uint8Array;
  readonly event: string;
}
interface LogEvent {
  readonly event: string;
  readonly sha256: string;
}
/** The row of a recorded SOD, examined. */
interface ExaminedSod {
  readonly requestId: string;
  readonly sha256: string;
  readonly documentSigner: string;
}

/**
 * Reads the records of an instance as they lie on disk, past all code that wrote them, and says which
 * invariants do not hold. It remembers what it has seen, because what is on record never changes.
 */
export class RecordsExaminer {
  readonly #path: string;
  readonly #now: () => Date;
  readonly #seen = new Map<number, string>();

  constructor(path: string, now: () => Date) {
    this.#path = path;
    this.#now = now;
  }

  /** SODs on record, as last examined. */
  get recorded(): number {
    return this.#seen.size;
  }

  /**
   * @param answered SODs that were answered before this call
   * @param isIdle whether nothing is under way, so that no intent may be open
   */
  examine(answered: ReadonlyMap<string, AnsweredSod>, isIdle: boolean): readonly Breach[] {
    const database = new DatabaseSync(this.#path, { readOnly: true, timeout: 5_000 });
    try {
      database.exec('BEGIN');
      return [
        ...this.#examineSods(database, answered),
        ...examineLog(database),
        ...examineUses(database),
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

  #examineSods(database: DatabaseSync, answered: ReadonlyMap<string, AnsweredSod>): readonly Breach[] {
    const breaches: Breach[] = [];
    const byRequestId = new Map<string, ExaminedSod & { readonly leafIndex: number }>();
    const border = borderOf(database);
    const gone = new Set(this.#seen.keys());
    for (const row of database.prepare('SELECT * FROM sods ORDER BY leaf_index').iterate()) {
      const stored = row as unknown as SodRow;
      const sod = { ...stored, ef_sod: wholeEfSod(database, stored.ef_sod) };
      const leafIndex = sod.leaf_index;
      const examined = examinedSod(sod);
      if (byRequestId.has(examined.requestId)) {
        breaches.push({ invariant: 'I2', detail: `${examined.requestId} has two SODs on record` });
      }
      byRequestId.set(examined.requestId, { ...examined, leafIndex });
      gone.delete(leafIndex);
      const content = JSON.stringify(examined);
      const before = this.#seen.get(leafIndex);
      if (before === content) continue;
      if (before !== undefined) {
        breaches.push({ invariant: 'I2', detail: `the SOD at leaf ${leafIndex} has changed on record` });
      }
      this.#seen.set(leafIndex, content);
      breaches.push(...border.examine(sod, answered.get(examined.requestId), this.#now()));
    }
    for (const leafIndex of gone) {
      breaches.push({ invariant: 'I1', detail: `the SOD at leaf ${leafIndex} is gone` });
    }
    for (const [requestId, answer] of answered) {
      const sod = byRequestId.get(requestId);
      if (sod === undefined) {
        breaches.push({ invariant: 'I1', detail: `${requestId} was answered and is not on record` });
      } else if (
        sod.sha256 !== answer.sha256 ||
        sod.leafIndex !== answer.logLeaf ||
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
}

function examinedSod(row: SodRow): ExaminedSod {
  return {
    requestId: row.request_id,
    sha256: sha256(row.ef_sod),
    documentSigner: Buffer.from(row.document_signer).toString('hex'),
  };
}

/** A border that trusts the CSCA on record and nothing else. */
function borderOf(database: DatabaseSync) {
  const cscas = database.prepare("SELECT der FROM certificates WHERE profile = 'csca'").all();
  const crls = database.prepare('SELECT der FROM crls ORDER BY crl_number DESC LIMIT 1').all();
  const trust = buildTrustStore(cscas.map(({ der }) => decodeCertificate(octets(der), { strict: true })));
  const lists = crls.map(({ der }) => decodeCrl(octets(der), { strict: true }));
  return {
    examine: (sod: SodRow, answered: AnsweredSod | undefined, at: Date) =>
      examineAtBorder(sod, answered, { trust, crls: lists, at }),
  };
}

function examineAtBorder(
  sod: SodRow,
  answered: AnsweredSod | undefined,
  border: { readonly trust: TrustStore; readonly crls: readonly CertificateList[]; readonly at: Date },
): readonly Breach[] {
  const efSod = Uint8Array.from(sod.ef_sod);
  const report = passiveAuthentication({ efSod, ...border, strict: true, requireCrl: true });
  if (report.verdict !== 'TRUSTED') {
    const codes = report.findings.map(({ code }) => code).join(', ');
    return [{ invariant: 'I5', detail: `a border says ${report.verdict} to ${sod.request_id}: ${codes}` }];
  }
  if (answered === undefined) return [];
  const signed = [...(report.ldsSecurityObject?.dataGroupHashes ?? [])].map(
    ([number, hash]) => `${number}=${Buffer.from(hash).toString('base64')}`,
  );
  const ordered = Object.entries(answered.order.dataGroupHashes).map(([number, hash]) => `${number}=${hash}`);
  if (signed.toSorted().join() === ordered.toSorted().join()) return [];
  return [{ invariant: 'I5', detail: `the SOD of ${sod.request_id} has other hashes than were ordered` }];
}

/** Every leaf from 0 on, each hashed as RFC 6962 says, one for each product on record and no other. */
function examineLog(database: DatabaseSync): readonly Breach[] {
  const breaches: Breach[] = [];
  const breach = (detail: string) => breaches.push({ invariant: 'I1', detail });
  const sods = new Map<number, string>();
  for (const row of database.prepare('SELECT leaf_index, ef_sod FROM sods').iterate()) {
    sods.set(Number(row['leaf_index']), sha256(wholeEfSod(database, octets(row['ef_sod']))));
  }
  const products = otherProducts(database);
  let next = 0;
  for (const row of database.prepare('SELECT * FROM log_leaves ORDER BY leaf_index').iterate()) {
    const leaf = row as unknown as LeafRow;
    if (leaf.leaf_index !== next) breach(`the log has leaf ${leaf.leaf_index} where ${next} should be`);
    next = leaf.leaf_index + 1;
    if (Buffer.compare(leaf.leaf_hash, leafHash(leaf.event)) !== 0) {
      breach(`the hash of leaf ${leaf.leaf_index} is not that of its event`);
    }
    const { event, sha256: digest } = JSON.parse(leaf.event) as LogEvent;
    if (event === 'sod') {
      if (sods.get(leaf.leaf_index) !== digest) breach(`leaf ${leaf.leaf_index} is of no SOD on record`);
      sods.delete(leaf.leaf_index);
    } else if (!products.delete(digest)) breach(`leaf ${leaf.leaf_index} is of no ${event} on record`);
  }
  for (const leafIndex of sods.keys()) breach(`the SOD at leaf ${leafIndex} is not in the log`);
  for (const [, product] of products) breach(`${product} is not in the log`);
  return breaches;
}

/** Keys, certificates, CRLs and master lists by the digest that their leaf carries. */
function otherProducts(database: DatabaseSync): Map<string, string> {
  const products = new Map<string, string>();
  for (const { key_id, label } of database.prepare('SELECT key_id, label FROM keys').all()) {
    products.set(sha256(Buffer.from(String(key_id), 'hex')), `key ${String(label)}`);
  }
  for (const table of ['certificates', 'crls', 'master_lists']) {
    for (const { der } of database.prepare(`SELECT der FROM ${table}`).all()) {
      products.set(sha256(octets(der)), `an entry of ${table}`);
    }
  }
  return products;
}

/** At least as many uses of each Document Signer key as there are SODs under it. */
function examineUses(database: DatabaseSync): readonly Breach[] {
  const rows = database
    .prepare(
      `SELECT lower(hex(sods.document_signer)) AS signer, count(*) AS sods, keys.uses AS uses
         FROM sods LEFT JOIN certificates ON certificates.sha256 = lower(hex(sods.document_signer))
                   LEFT JOIN keys ON keys.key_id = certificates.key_id
        GROUP BY signer`,
    )
    .all();
  return rows.flatMap((row): Breach[] => {
    const signer = String(row['signer']);
    if (row['uses'] === null) return [{ invariant: 'I3', detail: `no key on record is of signer ${signer}` }];
    const sods = Number(row['sods']);
    const uses = Number(row['uses']);
    if (uses >= sods) return [];
    return [{ invariant: 'I3', detail: `${uses} uses are counted for ${sods} SODs of signer ${signer}` }];
  });
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

function octets(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError('the column does not hold octets');
  return Uint8Array.from(value);
}

function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function leafHash(event: string): Buffer {
  return createHash('sha256').update(Uint8Array.of(0)).update(event).digest();
}
