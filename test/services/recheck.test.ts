import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/clock/index.ts';
import { openRecords } from '../../src/adapters/store/index.ts';
import { recheck } from '../../src/services/archive/recheck.ts';
import { makeTestInstance, serve, type TestInstance } from '../support/instance.ts';
import { Station } from '../support/station.ts';

let instance: TestInstance;
beforeAll(async () => {
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'] });
  const service = await serve(instance.home, instance.portBase);
  const station = new Station({ home: instance.home, port: instance.portBase, holder: 'station' });
  for (const requestId of ['one', 'two']) {
    const hash = Buffer.alloc(32, requestId).toString('base64');
    const answer = await station.post('/v1/sods', {
      requestId,
      documentType: 'PA',
      digestAlgorithm: 'SHA-256',
      lds: { version: '1.7' },
      dataGroupHashes: { 1: hash, 2: hash },
    });
    expect(answer.status).toBe(201);
  }
  station.close();
  await service.stop();
});
afterAll(() => instance.remove());

/** Checks a copy of the records after somebody has tampered with it. */
async function recheckAfter(tampering: string, ...more: (Uint8Array | string)[]) {
  const values = more.filter((value) => typeof value !== 'string');
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-recheck-'));
  const path = join(folder, 'records.sqlite');
  cpSync(join(instance.home, 'records.sqlite'), path);
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  if (tampering !== '') expect(database.prepare(tampering).run(...values).changes).toBeGreaterThan(0);
  for (const statement of more) if (typeof statement === 'string') database.exec(statement);
  database.close();
  const records = openRecords(path, systemClock);
  try {
    return await recheck({ records: records.issuance, archive: records.archive, at: systemClock.now() });
  } finally {
    records.close();
    rmSync(folder, { recursive: true });
  }
}

const revoke = (at: string) => `INSERT INTO revocations (serial_number, revoked_at, reason)
  SELECT serial_number, '${at}', 'superseded' FROM certificates WHERE profile = 'dsc-test-0'`;

/** The product with one bit flipped at the octet. */
function flipped(table: string, column: string, where: string, octet: number): Uint8Array {
  const database = new DatabaseSync(join(instance.home, 'records.sqlite'), { readOnly: true });
  const row = database.prepare(`SELECT ${column} AS der FROM ${table} WHERE ${where}`).get();
  database.close();
  const der = Uint8Array.from(row?.['der'] as Uint8Array);
  const position = octet < 0 ? der.length + octet : octet;
  der[position] = (der[position] ?? 0) ^ 1;
  return der;
}

describe('recheck: everything that was issued, from the records alone', () => {
  it('finds nothing on untouched records, and says how much it looked at', async () => {
    const result = await recheckAfter('');
    expect(result.defects).toEqual([]);
    expect(result).toMatchObject({ sods: 2, crls: 1, masterLists: 1 });
    expect(result.leaves).toBeGreaterThan(result.certificates);
  });

  it('finds what was signed after its Document Signer was revoked, and nothing in what was signed before', async () => {
    const signedAt = Date.now();
    const since = await recheckAfter(revoke(new Date(signedAt - 3_600_000).toISOString()));
    expect(since.defects.map(({ about, detail }) => `${about} ${detail}`)).toEqual([
      'SOD one was signed after its Document Signer was revoked',
      'SOD two was signed after its Document Signer was revoked',
    ]);
    const later = await recheckAfter(revoke(new Date(signedAt + 3_600_000).toISOString()));
    expect(later.defects).toEqual([]);
  });

  it('takes numbers of CRLs that are missing where the CSCA is elsewhere, and nowhere else', async () => {
    const renumbered = `UPDATE crls SET crl_number = 3`;
    const here = await recheckAfter(renumbered);
    expect(here.defects.map(({ detail }) => detail)).toContain('does not follow number 0');
    const elsewhere = await recheckAfter(renumbered, "DELETE FROM keys WHERE role = 'csca'");
    expect(elsewhere.defects.map(({ detail }) => detail)).toEqual(['has another number than its record']);
  });

  it.each([
    ['a bit of a CSCA certificate', 'certificates', 'der', "profile = 'csca'", -1, /certificate/],
    ['a bit of a Document Signer', 'certificates', 'der', "profile = 'dsc-test-0'", -1, /certificate/],
    ['a bit of the CRL', 'crls', 'der', 'crl_number = 1', -1, /CRL 1: .*SIGNATURE/],
    ['a bit of the master list', 'master_lists', 'der', 'version = 1', -1, /master list 1: .*SIGNATURE/],
    ['a bit of a SOD', 'sods', 'ef_sod', "request_id = 'one'", -1, /SOD one: SOD_SIGNATURE/],
    [
      'the Document Signer of a SOD',
      'sods',
      'document_signer',
      "request_id = 'two'",
      0,
      /SOD two: names another/,
    ],
    ['the hash of a leaf', 'log_leaves', 'leaf_hash', 'leaf_index = 3', 0, /log leaf 3: does not hash/],
  ])('finds %s changed, and says where', async (_, table, column, where, octet, message) => {
    const { defects } = await recheckAfter(
      `UPDATE ${table} SET ${column} = ? WHERE ${where}`,
      flipped(table, column, where, octet),
    );
    expect(defects.map(({ about, detail }) => `${about}: ${detail}`).join('\n')).toMatch(message);
  });

  it.each([
    [
      'a leaf that is gone',
      'DELETE FROM log_leaves WHERE leaf_index = 2',
      /log leaf 3: comes where leaf 2 must be/,
    ],
    [
      'two SODs exchanged',
      "UPDATE sods SET request_id = 'three', leaf_index = 0 WHERE request_id = 'one'",
      /not about the SOD of three/,
    ],
    [
      'another event in a leaf',
      "UPDATE log_leaves SET event = replace(event, 'sod', 'crl') WHERE event LIKE '%sod%'",
      /does not hash/,
    ],
    [
      'a revocation that its CRL does not list',
      `INSERT INTO revocations SELECT serial_number, issued_at, 'x', 1 FROM certificates WHERE profile = 'csca'`,
      /CRL 1: has 0 entries where 1 revocations are on record/,
    ],
    [
      'a serial number',
      "UPDATE certificates SET serial_number = 'ff' WHERE profile = 'csca'",
      /another serial number/,
    ],
  ])('finds %s', async (_, tampering, message) => {
    const { defects } = await recheckAfter(tampering);
    expect(defects.map(({ about, detail }) => `${about}: ${detail}`).join('\n')).toMatch(message);
  });
});
