import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'vitest';
import { openRecords, type Records } from '../../src/adapters/store/index.ts';
import { wholeEfSod } from '../../src/app/torture/stored-sod.ts';
import { decodeCertificate } from '../../src/formats/x509/certificate.ts';
import { InvariantBroken, Refused, type ServiceError, Unavailable } from '../../src/services/errors.ts';
import type { Signer, SodIntent, SodOrder, SodRecords } from '../../src/services/ports.ts';
import { type DocumentSignerEntry, DocumentSigners } from '../../src/services/sod/document-signers.ts';
import { type SignedSod, type SodRequest, SodService } from '../../src/services/sod/sod-service.ts';
import { shippedPolicies } from './policies.ts';
import { utopia } from './software-pki.ts';

/** Where a fault can strike on the way of a SOD. */
export type Step = 'find' | 'claim' | 'countUse' | 'signSod' | 'check' | 'record' | 'abandon' | 'openIntents';

/** Nothing happened, or it happened and nobody was told. */
export type FaultKind = 'not-applied' | 'applied-but-answer-lost';

interface Fault {
  readonly step: Step;
  readonly kind: FaultKind;
  /** Calls of the step that go well before. */
  after: number;
}

const policies = shippedPolicies();
const documentSigner = decodeCertificate(utopia('ecdsa-P-256-sha256').dsc.bytes, { strict: true });

export const firstKey = 'aa'.repeat(16);
export const secondKey = 'bb'.repeat(16);

/**
 * SodService on real records, with a signer that makes octets instead of signatures and counts them. Faults are
 * planted by step; `restart` makes everything new that a process holds in memory.
 */
export class SodWorld {
  now = new Date('2026-11-21T12:00:00Z');
  /** What the signer answers instead of signing. */
  refusal: ServiceError | undefined;
  /** Why no token can be reached, as the pool knows it. */
  signerFailure: ServiceError | undefined;
  /** Keys that no token which works has. */
  readonly lostKeys = new Set<string>();
  /** Signatures that were made, by key, whoever got them. */
  readonly signatures = new Map<string, number>();
  /** Octets that left the signer, by request; more than one where an answer was lost. */
  readonly answered = new Map<string, string>();
  #faults: Fault[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'sigillo-sods-'));
  readonly #held = new Map<number, Promise<void>>();
  #records!: Records;
  #sods!: SodService;
  #documentSigners!: DocumentSigners;
  /** Done as soon as a request is claimed. */
  onClaim: () => void = () => undefined;

  static async make(): Promise<SodWorld> {
    const world = new SodWorld();
    world.#open();
    for (const keyId of [firstKey, secondKey]) {
      const order = {
        keyId,
        role: 'document-signer',
        label: `dsc-${keyId}`,
        keyAlgorithm: 'ecdsa-P-256-sha256',
      } as const;
      await world.#records.issuance.begin({ kind: 'key', order });
      await world.#records.issuance.recordKey(order, world.now);
    }
    return world;
  }

  get service(): SodService {
    return this.#sods;
  }

  /** One fault at the next call of `step`, or later. */
  plant(step: Step, kind: FaultKind, after = 0): void {
    this.#faults.push({ step, kind, after });
  }

  /** As the service learns of it when it reads the records again. */
  revoke(keyId: string): void {
    this.#documentSigners.replace([...this.#documentSigners].filter((each) => each.keyId !== keyId));
  }

  get plantedFaults(): number {
    return this.#faults.length;
  }

  /** The signer answers no order with this content until the returned function is called. */
  holdSigner(content = 0): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.set(content, promise);
    return () => {
      this.#held.delete(content);
      resolve();
    };
  }

  request(requestId: string, content = 0): SodRequest {
    const hash = Uint8Array.from(Buffer.alloc(32, content));
    return {
      requestId,
      contentDigest: Buffer.alloc(32, content).toString('hex'),
      documentType: 'P',
      digestAlgorithm: 'SHA-256',
      lds: { version: '1.7' },
      dataGroupHashes: new Map([
        [1, hash],
        [2, hash],
      ]),
    };
  }

  /** As a station: what is answered once is what is answered for ever. */
  async sign(requestId: string, content = 0): Promise<SignedSod> {
    const signed = await this.#sods.sign(this.request(requestId, content));
    const octets = Buffer.from(signed.sod.efSod).toString('hex');
    expect(this.answered.get(requestId) ?? octets, `bytes of ${requestId}`).toBe(octets);
    this.answered.set(requestId, octets);
    return signed;
  }

  /** kill -9: memory is gone, planted faults too. */
  restart(): void {
    this.#faults = [];
    this.#records.close();
    this.#open();
  }

  /** A usage period later: the first key may not sign any more, the second one may. */
  passUsagePeriod(): void {
    this.now = new Date('2027-03-01T00:00:00Z');
  }

  /** Uses counted for SODs; the first one of a key is the signature that proved it. */
  uses(keyId = firstKey): number {
    return Number(this.#rows('SELECT uses FROM keys WHERE key_id = ?', keyId)[0]?.['uses']) - 1;
  }

  openIntents(): readonly string[] {
    return this.#rows('SELECT request_id FROM sod_intents').map((row) => String(row['request_id']));
  }

  abandoned(): readonly string[] {
    return this.#rows('SELECT intent_id FROM abandoned_intents').map((row) => String(row['intent_id']));
  }

  recorded(): readonly string[] {
    return this.#rows('SELECT request_id FROM sods').map((row) => String(row['request_id']));
  }

  /** From the stored bytes, past everything under test. */
  checkInvariants(): void {
    const sods = this.#rows('SELECT * FROM sods ORDER BY leaf_index');
    const requestIds = sods.map((row) => String(row['request_id']));
    expect(new Set(requestIds).size, 'one SOD for each request id').toBe(requestIds.length);
    const stored = this.#storedSods();
    for (const [requestId, octets] of this.answered) {
      expect(stored.get(requestId), `${requestId} was answered`).toBe(octets);
    }
    const leaves = this.#rows('SELECT * FROM log_leaves ORDER BY leaf_index');
    expect(leaves.map((row) => Number(row['leaf_index']))).toEqual([...leaves.keys()]);
    const sodLeaves = leaves
      .filter((row) => String(row['event']).startsWith('{"event":"sod"'))
      .map((row) => Number(row['leaf_index']));
    expect(sodLeaves).toEqual(sods.map((row) => Number(row['leaf_index'])));
    for (const keyId of [firstKey, secondKey]) {
      expect(this.uses(keyId), `uses of ${keyId}`).toBeGreaterThanOrEqual(this.signatures.get(keyId) ?? 0);
    }
    for (const requestId of this.openIntents()) {
      expect(stored.has(requestId), `${requestId} is recorded and open`).toBe(false);
    }
  }

  remove(): void {
    this.#records.close();
    rmSync(this.#folder, { recursive: true });
  }

  #open(): void {
    const clock = { now: () => this.now };
    this.#records = openRecords(join(this.#folder, 'records.sqlite'), clock);
    this.#documentSigners = new DocumentSigners([
      entry(firstKey, '2026-11-01', '2027-02-01'),
      entry(secondKey, '2027-01-31', '2027-05-01'),
    ]);
    this.#sods = new SodService({
      records: this.#faultyRecords(this.#records.sods),
      signer: this.#signer(),
      clock,
      policies,
      documentSigners: this.#documentSigners,
      check: (efSod, intent) => this.#at('check', () => assertOrdered(efSod, intent)),
      deadlineMs: 30_000,
      longestDeadlineMs: 60_000,
      maxInFlight: 64,
    });
  }

  #faultyRecords(records: SodRecords): SodRecords {
    return {
      find: (requestId) => this.#at('find', () => records.find(requestId)),
      claim: (intent) =>
        this.#at('claim', async () => {
          const claim = await records.claim(intent);
          this.onClaim();
          return claim;
        }),
      countUse: (intent) => this.#at('countUse', () => records.countUse(intent)),
      record: (intent, efSod, signer) => this.#at('record', () => records.record(intent, efSod, signer)),
      abandon: (intent, reason) => this.#at('abandon', () => records.abandon(intent, reason)),
      openIntents: () => this.#at('openIntents', () => records.openIntents()),
    };
  }

  #signer(): Signer {
    const never = () => Promise.reject(new Error('not used here'));
    const signSod = (order: SodOrder) => this.#at('signSod', () => this.#signSod(order));
    const failure = () => this.signerFailure;
    return {
      generateKeyPair: never,
      findKey: never,
      destroyKey: never,
      signCertificate: never,
      signCrl: never,
      signMasterList: never,
      signBundle: never,
      signCheckpoint: never,
      status: never,
      signSod,
      holds: (keyId) => !this.lostKeys.has(keyId),
      waitingMs: () => 0,
      get failure() {
        return failure();
      },
    };
  }

  async #signSod(order: SodOrder): Promise<Uint8Array> {
    const [hash = new Uint8Array()] = order.dataGroupHashes.values();
    await this.#held.get(hash[0] ?? 0);
    if (this.refusal !== undefined) throw this.refusal;
    this.signatures.set(order.keyId, (this.signatures.get(order.keyId) ?? 0) + 1);
    // As ECDSA does it: no two signatures are alike.
    return Uint8Array.from(Buffer.concat([Buffer.of(0x77), hash, randomBytes(16)]));
  }

  async #at<T>(step: Step, work: () => Promise<T>): Promise<T> {
    const fault = this.#faults.find((candidate) => candidate.step === step);
    if (fault !== undefined && fault.after > 0) fault.after -= 1;
    else if (fault !== undefined) {
      this.#faults.splice(this.#faults.indexOf(fault), 1);
      if (fault.kind === 'applied-but-answer-lost') await work();
      throw planted(step, fault.kind);
    }
    return work();
  }

  /** EF.SODs by request, hexadecimal. */
  #storedSods(): ReadonlyMap<string, string> {
    const database = new DatabaseSync(join(this.#folder, 'records.sqlite'), { readOnly: true });
    const rows = database.prepare('SELECT * FROM sods').all();
    const stored = rows.map((row) => {
      const efSod = wholeEfSod(database, row['ef_sod'] as Uint8Array);
      return [String(row['request_id']), efSod.toString('hex')] as const;
    });
    database.close();
    return new Map(stored);
  }

  #rows(sql: string, ...parameters: string[]) {
    const database = new DatabaseSync(join(this.#folder, 'records.sqlite'), { readOnly: true });
    try {
      return database.prepare(sql).all(...parameters);
    } finally {
      database.close();
    }
  }
}

function planted(step: Step, kind: FaultKind): Unavailable {
  const outcome = kind === 'not-applied' ? 'not-applied' : 'unknown';
  return new Unavailable(step, 'planted fault', { outcome, mend: 'none' });
}

function entry(keyId: string, from: string, until: string): DocumentSignerEntry {
  return {
    keyId,
    profile: 'dsc-passport',
    keyAlgorithm: 'ecdsa-P-256-sha256',
    certificate: documentSigner,
    documentTypes: ['P'],
    signsFrom: new Date(from),
    signsUntil: new Date(until),
  };
}

async function assertOrdered(efSod: Uint8Array, intent: SodIntent): Promise<void> {
  const [hash = new Uint8Array()] = intent.dataGroupHashes.values();
  if (Buffer.compare(hash, efSod.subarray(1, 33)) === 0) return;
  throw new InvariantBroken(`${intent.requestId} is not what was ordered`);
}

export const keyNotActive = new Refused('key-not-active', 'the key is not active', { mend: 'none' });
