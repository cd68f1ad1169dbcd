import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRecords, type Records } from '../../src/adapters/store/index.ts';
import { publishCrl } from '../../src/services/crl/publish-crl.ts';
import { Refused, Unavailable } from '../../src/services/errors.ts';
import { establish } from '../../src/services/issuance/establish.ts';
import type { IssuanceDeps } from '../../src/services/issuance/issuance-deps.ts';
import { maintainKeys } from '../../src/services/keys/maintain-keys.ts';
import { publishMasterList } from '../../src/services/masterlist/publish-master-list.ts';
import type { IssuanceRecords, Signer } from '../../src/services/ports.ts';
import { SigningCore } from '../../src/services/signing-core/signing-core.ts';
import { shippedPolicies } from '../support/policies.ts';
import { openTestToken, type TestToken } from '../support/token.ts';
import { utopia } from '../support/utopia.ts';

const policies = shippedPolicies();
const plan = {
  csca: { profile: 'csca', keyAlgorithm: 'ecdsa-P-384-sha384' },
  documentSigners: [{ profile: 'dsc-passport', keyAlgorithm: 'ecdsa-P-256-sha256' }],
  masterListSigner: { profile: 'master-list-signer', keyAlgorithm: 'ecdsa-P-256-sha256' },
  otherSigners: [],
  accessCa: { profile: 'access-ca', keyAlgorithm: 'ecdsa-P-256-sha256' },
};
const silent = () => undefined;
const writing = /^(begin|record|countUse|abandon|endKey|sign|generate)/;
type FaultKind = 'not-applied' | 'applied-but-answer-lost';

let token: TestToken;
beforeAll(() => {
  token = openTestToken();
});

async function keysOnToken(): Promise<number> {
  return (await token.token.status()).keys;
}
afterAll(() => token.remove());

/** Issuance on a real token and real records, of which the call with a given number fails. */
class FaultyState {
  now = new Date('2026-11-01T00:00:00Z');
  readonly deps: IssuanceDeps;
  /** Calls that have used a key, or may have. */
  signatures = 0;
  refusal: Refused | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sigillo-issuance-'));
  readonly #core = new SigningCore(token.token, policies, utopia);
  readonly #records: Records;
  #countdown = Number.POSITIVE_INFINITY;
  #fault: FaultKind = 'not-applied';

  readonly #keysBefore: number;

  static async make(): Promise<FaultyState> {
    return new FaultyState(await keysOnToken());
  }

  private constructor(keysBefore: number) {
    this.#keysBefore = keysBefore;
    const clock = { now: () => this.now };
    this.#records = openRecords(join(this.#folder, 'records.sqlite'), clock);
    const random = { octets: (count: number) => Uint8Array.from(randomBytes(count)) };
    const records = this.#faulty<IssuanceRecords>(this.#records.issuance);
    this.deps = { signer: this.#faulty(this.#signer()), records, clock, random, policies, state: utopia };
  }

  failCall(number: number, fault: FaultKind): void {
    this.#countdown = number;
    this.#fault = fault;
  }

  get isFaultAhead(): boolean {
    return this.#countdown > 0;
  }

  /** Runs it, with one fault or none. @returns whether it went well */
  async attempt(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(Unavailable);
      return false;
    }
  }

  maintain(): Promise<boolean> {
    return maintainKeys({ ...this.deps, sods: this.#records.sods }, plan, silent);
  }

  /** Whole and complete: nothing open, nothing twice, nothing on the token that is not on record. */
  async expectWhole(expected: {
    readonly keys: number;
    readonly crls: number;
    readonly lists: number;
  }): Promise<void> {
    const database = new DatabaseSync(join(this.#folder, 'records.sqlite'), { readOnly: true });
    const rows = (sql: string) => database.prepare(sql).all();
    expect(rows('SELECT intent_id FROM issuance_intents')).toEqual([]);
    const keys = rows('SELECT * FROM keys');
    expect(new Set(keys.map(({ label }) => label)).size).toBe(expected.keys);
    expect(keys).toHaveLength(expected.keys);
    const certified = rows('SELECT key_id FROM certificates WHERE key_id IS NOT NULL').map(
      (row) => row['key_id'],
    );
    expect(new Set(certified).size, 'each key is certified once').toBe(certified.length);
    expect(certified).toHaveLength(expected.keys);
    const numbers = rows('SELECT crl_number FROM crls ORDER BY 1').map((row) => row['crl_number']);
    expect(numbers).toEqual(Array.from({ length: expected.crls }, (_, index) => index + 1));
    const versions = rows('SELECT version FROM master_lists ORDER BY 1').map((row) => row['version']);
    expect(versions).toEqual(Array.from({ length: expected.lists }, (_, index) => index + 1));
    const leaves = rows('SELECT leaf_index FROM log_leaves ORDER BY 1').map((row) => row['leaf_index']);
    expect(leaves).toEqual([...leaves.keys()]);
    const uses = keys.reduce((sum, row) => sum + Number(row['uses']), 0);
    expect(uses).toBeGreaterThanOrEqual(this.signatures);
    expect((await keysOnToken()) - this.#keysBefore, 'keys on the token').toBe(expected.keys);
    database.close();
  }

  close(): void {
    this.#records.close();
    rmSync(this.#folder, { recursive: true });
  }

  #signer(): Signer {
    const core = this.#core;
    const uses = async <T>(work: () => Promise<T>): Promise<T> => {
      if (this.refusal !== undefined) throw this.refusal;
      this.signatures += 1;
      return work();
    };
    return {
      generateKeyPair: (order) => uses(() => core.generateKeyPair(order)),
      findKey: async (key) => core.findKey(key),
      destroyKey: async (key) => core.destroyKey(key),
      signCertificate: (order) => uses(() => core.signCertificate(order)),
      signCrl: (order) => uses(() => core.signCrl(order)),
      signSod: (order) => uses(() => core.signSod(order)),
      signMasterList: (order) => uses(() => core.signMasterList(order)),
      signBundle: (order) => uses(() => core.signBundle(order)),
      signCheckpoint: (order) => uses(() => core.signCheckpoint(order)),
      status: async () => core.status(),
      failure: undefined,
      holds: () => true,
      waitingMs: () => 0,
    };
  }

  /** Counts calls of methods that write or sign; reading cannot leave anything half done. */
  #faulty<Port extends object>(port: Port): Port {
    const before = async (): Promise<FaultKind | undefined> => {
      this.#countdown -= 1;
      return this.#countdown === 0 ? this.#fault : undefined;
    };
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        const call = (args: unknown[]) => Reflect.apply(member, target, args) as Promise<unknown>;
        if (!writing.test(String(name))) return (...args: unknown[]) => call(args);
        return async (...args: unknown[]) => {
          const fault = await before();
          if (fault === undefined) return call(args);
          if (fault === 'applied-but-answer-lost') await call(args);
          const outcome = fault === 'not-applied' ? 'not-applied' : 'unknown';
          throw new Unavailable(String(name), 'planted fault', { outcome, mend: 'none' });
        };
      },
    });
  }
}

describe.each<FaultKind>(['not-applied', 'applied-but-answer-lost'])(
  'the n-th write or signature fails: %s',
  (kind) => {
    it('while an instance is made: making it again completes it, with nothing twice', async () => {
      for (let number = 1; ; number += 1) {
        const world = await FaultyState.make();
        world.failCall(number, kind);
        await world.attempt(() => establish(world.deps, plan, silent));
        const isOver = world.isFaultAhead;
        expect(await world.attempt(() => establish(world.deps, plan, silent)), `call ${number}`).toBe(true);
        await world.expectWhole({ keys: 4, crls: 1, lists: 1 });
        world.close();
        if (isOver) break;
      }
    });

    it('while a CRL or master list is published: the next attempt, without a restart, is the same one', async () => {
      const world = await FaultyState.make();
      await establish(world.deps, plan, silent);
      let crls = 1;
      let lists = 1;
      for (let number = 1; number <= 3; number += 1) {
        world.now = new Date(world.now.getTime() + 60_000);
        world.failCall(number, kind);
        const publishedCrl = await world.attempt(() => publishCrl(world.deps));
        if (!publishedCrl && !(kind === 'applied-but-answer-lost' && number === 3))
          await publishCrl(world.deps);
        crls += 1;
        world.failCall(number, kind);
        const publishedList = await world.attempt(() => publishMasterList(world.deps));
        if (!publishedList && !(kind === 'applied-but-answer-lost' && number === 3))
          await publishMasterList(world.deps);
        lists += 1;
        await world.expectWhole({ keys: 4, crls, lists });
      }
      world.close();
    });

    it('while the next keys are made in advance: the next round, without a restart, completes them', async () => {
      for (let number = 1; ; number += 1) {
        const world = await FaultyState.make();
        await establish(world.deps, plan, silent);
        world.now = new Date('2027-01-25T00:00:00Z');
        world.failCall(number, kind);
        await world.attempt(() => world.maintain());
        const isOver = world.isFaultAhead;
        expect(await world.attempt(() => world.maintain()), `call ${number}`).toBe(true);
        const keys = (await world.deps.records.keys()).length;
        expect(keys).toBeGreaterThan(4);
        await world.expectWhole({ keys, crls: 1, lists: 1 });
        world.close();
        if (isOver) break;
      }
    });
  },
);

describe('a CRL or master list that the signer refuses', () => {
  it('does not stand in the way of the next one', async () => {
    const world = await FaultyState.make();
    await establish(world.deps, plan, silent);
    world.now = new Date(world.now.getTime() + 60_000);
    const refusal = new Refused('key-not-active', 'the key is not active', { mend: 'none' });
    world.refusal = refusal;
    await expect(publishCrl(world.deps)).rejects.toBe(refusal);
    await expect(publishMasterList(world.deps)).rejects.toBe(refusal);
    world.refusal = undefined;
    await publishCrl(world.deps);
    await publishMasterList(world.deps);
    await world.expectWhole({ keys: 4, crls: 2, lists: 2 });
    world.close();
  });
});
