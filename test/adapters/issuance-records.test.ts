import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRecords, type Records } from '../../src/adapters/store/index.ts';
import type { CertificateOrder, IssuanceIntent, KeyOrder, SodIntent } from '../../src/services/ports.ts';
import { putRevocations } from '../support/revocations.ts';

let now = new Date('2026-11-21T12:00:00Z');
const clock = { now: () => now };
const key: KeyOrder = { keyId: 'aa', role: 'csca', label: 'csca-00001', keyAlgorithm: 'ecdsa-P-384-sha384' };
const order: CertificateOrder = {
  profile: 'csca',
  subject: { sequence: '00001' },
  subjectKey: { keyId: 'aa' },
  keyAlgorithm: key.keyAlgorithm,
  serialNumber: 255n,
  policyDigest: '00',
  notBefore: clock.now(),
  issuer: { keyId: 'aa', certificate: Uint8Array.of(1, 2), keyAlgorithm: key.keyAlgorithm },
};
const crl = (crlNumber: bigint) =>
  ({ kind: 'crl', keyId: 'aa', crlNumber, thisUpdate: clock.now() }) as const;
const list = (version: number) =>
  ({ kind: 'master-list', keyId: 'aa', version, signingTime: clock.now() }) as const;

let folder: string;
let records: Records;
const reopen = () => {
  records.close();
  records = openRecords(join(folder, 'records.sqlite'), clock);
};

beforeEach(async () => {
  now = new Date('2026-11-21T12:00:00Z');
  folder = mkdtempSync(join(tmpdir(), 'sigillo-records-'));
  records = openRecords(join(folder, 'records.sqlite'), clock);
  await records.issuance.begin({ kind: 'key', order: key });
  await records.issuance.recordKey(key, clock.now());
});
afterEach(() => {
  records.close();
  rmSync(folder, { recursive: true });
});

const certificate = (serialNumber: bigint) => ({
  sha256: serialNumber.toString(16).padStart(64, '0'),
  serialNumber,
  profile: 'csca',
  keyId: 'aa',
  issuedAt: clock.now(),
  policyDigest: '00',
  der: Uint8Array.of(3),
});
const recordCrl = (crlNumber: bigint, listed = 0) =>
  records.issuance.recordCrl(
    { crlNumber, thisUpdate: clock.now(), nextUpdate: clock.now(), der: Uint8Array.of(4) },
    { profiles: ['csca'], listed },
  );
/** More than are marked as listed in one transaction. */
const manyRevoked = 4_500;
const revokeMany = () => putRevocations(join(folder, 'records.sqlite'), 'csca', manyRevoked);
async function unlisted(): Promise<number> {
  let count = 0;
  const filter = { profiles: ['csca'], isUnlisted: true };
  for await (const page of records.issuance.revocations(filter)) count += page.length;
  return count;
}
const uses = async () => (await records.issuance.keys())[0]?.uses;
const duplicate = expect.objectContaining({ kind: 'refused', code: 'duplicate' });

describe('records of issuance', () => {
  it('keeps every kind of intent as it was begun, also after a restart', async () => {
    const intents: IssuanceIntent[] = [{ kind: 'certificate', order }, crl(1n), list(1)];
    for (const intent of intents) await records.issuance.begin(intent);
    reopen();
    expect(new Set(await records.issuance.openIntents())).toEqual(new Set(intents));
  });

  it('never takes a serial number twice, not for an abandoned order either (I8)', async () => {
    const intent: IssuanceIntent = { kind: 'certificate', order };
    await records.issuance.begin(intent);
    await expect(records.issuance.begin(intent)).rejects.toThrow(duplicate);
    await records.issuance.abandon(intent, 'refused');
    reopen();
    await expect(records.issuance.begin(intent)).rejects.toThrow(duplicate);
    expect(await records.issuance.openIntents()).toEqual([]);
  });

  it('lets CRL numbers and list versions only rise (I4)', async () => {
    await expect(records.issuance.begin(crl(2n))).rejects.toThrow(duplicate);
    await records.issuance.begin(crl(1n));
    await recordCrl(1n);
    await expect(records.issuance.begin(crl(1n))).rejects.toThrow(duplicate);
    reopen();
    await expect(records.issuance.begin(crl(1n))).rejects.toThrow(duplicate);
    await expect(records.issuance.begin(crl(3n))).rejects.toThrow(duplicate);
    await records.issuance.begin(crl(2n));
    await expect(records.issuance.begin(list(2))).rejects.toThrow(duplicate);
  });

  it('counts a use with every intent and every repetition (I3)', async () => {
    expect(await uses()).toBe(1); // the proof of the key pair
    await records.issuance.begin(crl(1n));
    await records.issuance.countUse(crl(1n));
    await records.issuance.begin({ kind: 'certificate', order });
    expect(await uses()).toBe(4);
  });

  it('refuses an intent under a key that is not on record, and keeps nothing of it', async () => {
    await expect(records.issuance.begin({ ...crl(1n), keyId: 'bb' })).rejects.toMatchObject({
      kind: 'broken',
    });
    expect(await records.issuance.openIntents()).toEqual([]);
  });

  it('records nothing that has no intent', async () => {
    await expect(records.issuance.recordCertificate(certificate(7n))).rejects.toMatchObject({
      kind: 'broken',
    });
    await expect(recordCrl(1n)).rejects.toMatchObject({ kind: 'broken' });
    expect(await records.issuance.certificates()).toEqual([]);
    expect(await records.issuance.latestCrl()).toBeUndefined();
  });

  it('reads thousands of certificates in pages, each once, whoever asks meanwhile', async () => {
    await records.issuance.begin({ kind: 'certificate', order });
    await records.issuance.recordCertificate(certificate(255n));
    putRevocations(join(folder, 'records.sqlite'), 'csca', 4_500);
    const read = () => records.issuance.certificates();
    const [all, sameTime] = await Promise.all([read(), read()]);
    expect(all.map(({ serialNumber }) => serialNumber)).toEqual([
      255n,
      ...Array.from({ length: 4_500 }, (_, index) => (1n << 156n) + BigInt(index + 1)),
    ]);
    expect(sameTime).toBe(all);
    expect(await read()).toBe(all);
    await records.issuance.begin({ kind: 'certificate', order: { ...order, serialNumber: 256n } });
    await records.issuance.recordCertificate(certificate(256n));
    const [more, alike] = await Promise.all([read(), read()]);
    expect(more.slice(0, -1)).toEqual(all);
    expect(more.at(-1)?.serialNumber).toBe(256n);
    expect(alike).toBe(more);
  });

  it('has another version after a certificate, a revocation, a key or its end, and after nothing else', async () => {
    const versions = [await records.issuance.version()];
    const changes = async (work: () => Promise<void>) => {
      await work();
      versions.push(await records.issuance.version());
    };
    await changes(async () => {
      await records.issuance.begin({ kind: 'certificate', order });
      await records.issuance.recordCertificate(certificate(255n));
    });
    await changes(() =>
      records.issuance.revoke({ serialNumber: 255n, revocationDate: now, reason: 'superseded' }),
    );
    await changes(() => records.issuance.endKey('aa', 'retired', { at: now, reason: 'over' }));
    const other = { ...key, keyId: 'bb', label: 'csca-00002' };
    await changes(async () => {
      await records.issuance.begin({ kind: 'key', order: other });
      await records.issuance.recordKey(other, now);
    });
    expect(new Set(versions).size).toBe(5);
    await records.issuance.begin({ ...crl(1n), keyId: 'bb' });
    await recordCrl(1n, 1);
    expect(await records.issuance.version()).toBe(versions.at(-1));
  });

  it('lists revocations with their CRL, however many', async () => {
    revokeMany();
    await records.issuance.begin(crl(1n));
    await recordCrl(1n, manyRevoked);
    expect(await records.issuance.listedRevocations()).toBe(manyRevoked);
    expect(await unlisted()).toBe(0);
  });

  it('lists none with a CRL that is not recorded in the end', async () => {
    revokeMany();
    await records.issuance.begin(crl(1n));
    await expect(recordCrl(1n, manyRevoked - 1)).rejects.toMatchObject({ kind: 'broken' });
    expect(await records.issuance.latestCrl()).toBeUndefined();
    await records.issuance.abandon(crl(1n), 'its key has ended');
    expect(await records.issuance.listedRevocations()).toBe(0);
    expect(await unlisted()).toBe(manyRevoked);
  });

  it('appends a leaf for every product, numbered without gaps', async () => {
    await records.issuance.begin({ kind: 'certificate', order });
    await records.issuance.recordCertificate(certificate(order.serialNumber));
    await records.issuance.begin(crl(1n));
    await recordCrl(1n);
    const database = new DatabaseSync(join(folder, 'records.sqlite'), { readOnly: true });
    const leaves = database.prepare('SELECT leaf_index, event FROM log_leaves ORDER BY leaf_index').all();
    database.close();
    expect(leaves.map((leaf) => leaf['leaf_index'])).toEqual([0, 1, 2]);
    const events = leaves.map((leaf) => JSON.parse(String(leaf['event'])) as { event: string });
    expect(events.map(({ event }) => event)).toEqual(['key', 'certificate', 'crl']);
  });

  it('does not open records of a newer version', () => {
    records.close();
    const database = new DatabaseSync(join(folder, 'records.sqlite'));
    database.exec('PRAGMA user_version = 999');
    database.close();
    expect(() => openRecords(join(folder, 'records.sqlite'), clock)).toThrow(
      expect.objectContaining({ kind: 'unavailable', what: 'records' }),
    );
    records = openRecords(join(folder, 'other.sqlite'), clock);
  });
});

describe('a clock that was set back', () => {
  const refused = expect.objectContaining({
    kind: 'refused',
    code: 'key-not-active',
    details: expect.objectContaining({
      rule: 'clock-set-back',
      mend: expect.any(String) as string,
    }) as object,
  }) as Error;
  const sod: SodIntent = {
    requestId: 'one',
    contentDigest: '00',
    keyId: 'aa',
    documentType: 'P',
    digestAlgorithm: 'SHA-256',
    lds: { version: '1.7' },
    dataGroupHashes: new Map(),
    signingTime: clock.now(),
  };
  const later = (minutes: number) => new Date(Date.parse('2026-11-21T12:00:00Z') + minutes * 60_000);

  it('begins nothing and claims nothing, in this process and in the next', async () => {
    now = later(-6);
    const uses = (await records.issuance.keys())[0]?.uses;
    for (const restart of [() => {}, reopen]) {
      restart();
      const { issuance, sods, exchange } = records;
      await expect(issuance.begin({ kind: 'certificate', order })).rejects.toThrow(refused);
      await expect(issuance.begin(crl(1n))).rejects.toThrow(refused);
      await expect(issuance.begin({ kind: 'key', order: { ...key, keyId: 'bb' } })).rejects.toThrow(refused);
      await expect(sods.claim(sod)).rejects.toThrow(refused);
      const request = { sequence: 1, content: new Uint8Array(), keyIds: ['aa'] };
      await expect(exchange.beginRequest(request)).rejects.toThrow(refused);
      expect(records.clockFault).toEqual(refused);
    }
    expect(await records.issuance.openIntents()).toEqual([]);
    expect(await records.sods.openIntents()).toEqual([]);
    expect((await records.issuance.keys())[0]?.uses).toBe(uses);
  });

  it('goes on as soon as it is right again', async () => {
    now = later(-6);
    await expect(records.sods.claim(sod)).rejects.toThrow(refused);
    now = later(0);
    await expect(records.sods.claim(sod)).resolves.toEqual({ kind: 'claimed' });
    expect(records.clockFault).toBeUndefined();
  });

  it('is put up with for the few minutes that a time server corrects', async () => {
    now = later(-4);
    await expect(records.issuance.begin(crl(1n))).resolves.toBeUndefined();
  });

  it('stands still for these minutes, so that nothing on record lies in the future', () => {
    for (const restart of [() => {}, reopen]) {
      now = later(-4);
      restart();
      expect(records.clock.now()).toEqual(later(0));
      now = later(-6);
      expect(records.clock.now()).toEqual(later(-6));
    }
    now = later(1);
    expect(records.clock.now()).toEqual(later(1));
    now = later(0);
    expect(records.clock.now()).toEqual(later(1));
  });

  it('stands still for what another process has put on record as well', async () => {
    now = later(2);
    const beside = openRecords(join(folder, 'records.sqlite'), clock);
    await beside.issuance.begin({ kind: 'certificate', order });
    beside.close();
    now = later(-1);
    expect(records.clock.now()).toEqual(later(0));
    records.clock.reload();
    expect(records.clock.now()).toEqual(later(2));
  });

  it('is known from the latest thing on record, however far it had gone', async () => {
    now = later(60 * 24);
    await records.issuance.begin({ kind: 'certificate', order });
    now = later(60);
    reopen();
    await expect(records.issuance.begin(crl(1n))).rejects.toThrow(refused);
  });
});
