import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { systemRandom } from '../../src/adapters/clock/index.ts';
import { openLogArchive, openRecords, type Records } from '../../src/adapters/store/index.ts';
import type { Defect } from '../../src/services/archive/recheck.ts';
import { type Fsck, fsck } from '../../src/services/log/fsck.ts';
import { CheckpointPublisher } from '../../src/services/log/publish-checkpoint.ts';
import { SigningCore } from '../../src/services/signing-core/signing-core.ts';
import { shippedPolicies } from './policies.ts';
import { signerOver } from './signer-over.ts';
import { openTestToken, type TestToken } from './token.ts';
import { utopia } from './utopia.ts';

const clock = { now: () => new Date('2026-11-21T12:00:00Z') };

const logOrigin = 'log.example/utopia';

/** Real records with a log that is signed on a real token; what is recorded is octets that nobody parses. */
export class LogWorld {
  readonly folder = mkdtempSync(join(tmpdir(), 'sigillo-log-'));
  readonly path = join(this.folder, 'records.sqlite');
  readonly token: TestToken;
  readonly #isTokenOurs: boolean;
  readonly #records: Records = openRecords(this.path, clock);
  readonly #publisher: CheckpointPublisher;

  /** @param token of another world: a process opens one */
  constructor(token?: TestToken) {
    this.token = token ?? openTestToken();
    this.#isTokenOurs = token === undefined;
    this.#publisher = new CheckpointPublisher({
      signer: signerOver(new SigningCore(this.token.token, shippedPolicies(), utopia, undefined, logOrigin)),
      records: this.#records.issuance,
      log: this.#records.log,
      clock,
      random: systemRandom,
      settings: { origin: logOrigin, keyAlgorithm: 'ed25519', cosignatures: 0 },
    });
  }

  get records(): Records {
    return this.#records;
  }

  get vkey(): string {
    return this.#records.log.verifierKeys()[0] ?? '';
  }

  /** Two keys, a certificate of the second, a CRL, a master list, a revocation with the end of the key: one leaf each. */
  async issue(): Promise<void> {
    const { issuance } = this.#records;
    const order = {
      keyId,
      role: 'document-signer',
      label: 'dsc',
      keyAlgorithm: 'ecdsa-P-256-sha256',
    } as const;
    for (const made of [order, { ...order, keyId: endedKeyId, label: 'dsc-ended' }]) {
      await issuance.begin({ kind: 'key', order: made });
      await issuance.recordKey(made, clock.now());
    }
    const der = octetsOf('certificate');
    await this.#query(`INSERT INTO issuance_intents VALUES ('certificate:1f', '{}', '', 0)`);
    await this.#query(`INSERT INTO serial_numbers VALUES ('1f')`);
    await issuance.recordCertificate({
      sha256: sha256(der),
      serialNumber: 0x1fn,
      profile: 'dsc',
      keyId: endedKeyId,
      issuedAt: clock.now(),
      policyDigest: '00',
      der,
    });
    await this.#query(
      `INSERT INTO issuance_intents VALUES ('crl:1', '{}', '', 0), ('master-list:1', '{}', '', 0)`,
    );
    const dates = { thisUpdate: clock.now(), nextUpdate: clock.now() };
    await issuance.recordCrl({ crlNumber: 1n, ...dates, der: octetsOf('crl') }, { profiles: [], listed: 0 });
    await issuance.recordMasterList({ version: 1, signedAt: clock.now(), der: octetsOf('list') });
    await issuance.revoke({ serialNumber: 0x1fn, revocationDate: clock.now(), reason: 'test' });
    // Its key has ended with it.
    await issuance.endKey(endedKeyId, 'retired', { at: clock.now(), reason: 'test' });
  }

  /** SODs with a leaf each. */
  async sign(count: number): Promise<void> {
    const { sods, log } = this.#records;
    const first = log.size();
    const requests = Array.from({ length: count }, (_, i) => `order-${first + i}`);
    await Promise.all(
      requests.map(async (requestId) => {
        const intent = {
          requestId,
          contentDigest: sha256(octetsOf(requestId)),
          keyId,
          documentType: 'P',
          digestAlgorithm: 'SHA-256',
          lds: { version: '1.7' },
          dataGroupHashes: new Map(),
          signingTime: clock.now(),
        } as const;
        await sods.claim(intent);
        await sods.record(intent, efSodOf(requestId), sha256(octetsOf('certificate')));
      }),
    );
  }

  /** @returns the checkpoint's file */
  async publish(): Promise<Uint8Array> {
    const checkpoint = await this.#publisher.publish(() => undefined);
    if (checkpoint === undefined) throw new Error('there was nothing to publish');
    return checkpoint.note;
  }

  fsck(vkey?: string, path = this.path): { readonly defects: readonly Defect[]; readonly result: Fsck } {
    const archive = openLogArchive(path);
    try {
      const examination = fsck(archive, vkey === undefined ? undefined : [vkey]);
      const defects: Defect[] = [];
      for (let next = examination.next(); ; next = examination.next()) {
        if (next.done === true) return { defects, result: next.value };
        defects.push(next.value);
      }
    } finally {
      archive.close();
    }
  }

  /** fsck of a copy of the records that somebody has changed past all code of ours. */
  fsckAfter(tamper: (run: (sql: string, ...values: SQLInputValue[]) => void) => void): readonly Defect[] {
    const copy = `${this.path}.copy`;
    const original = new DatabaseSync(this.path, { readOnly: true });
    original.exec(`VACUUM INTO '${copy}'`);
    original.close();
    try {
      const database = new DatabaseSync(copy, { enableForeignKeyConstraints: false });
      tamper((sql, ...values) => {
        if (database.prepare(sql).run(...values).changes === 0) throw new Error(`changes nothing: ${sql}`);
      });
      database.close();
      return this.fsck(this.vkey, copy).defects;
    } finally {
      for (const suffix of ['', '-wal', '-shm']) rmSync(copy + suffix, { force: true });
    }
  }

  remove(): void {
    this.#records.close();
    if (this.#isTokenOurs) this.token.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #query(sql: string): Promise<void> {
    const database = new DatabaseSync(this.path);
    database.exec(sql);
    database.close();
  }
}

const keyId = 'aa'.repeat(16);
const endedKeyId = 'bb'.repeat(16);

function octetsOf(text: string): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(text).digest());
}

/** As EF.SODs of one signer are: alike, but for a part of them. */
function efSodOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.concat([Buffer.alloc(100, 0x77), octetsOf(text)]));
}

function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}
