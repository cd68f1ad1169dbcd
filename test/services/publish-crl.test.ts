import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../src/formats/x509/certificate.ts';
import { decodeCrl } from '../../src/formats/x509/crl.ts';
import { encodeEntries, encodeRevokedEntries, withEntries } from '../../src/formats/x509/encode-crl.ts';
import { lintCrl } from '../../src/rules/lint/index.ts';
import { publishCrl } from '../../src/services/crl/publish-crl.ts';
import { establish } from '../../src/services/issuance/establish.ts';
import { signingCsca } from '../../src/services/keys/signing-csca.ts';
import type { IssuerReference } from '../../src/services/ports.ts';
import { IssuanceWorld, issuancePlan } from '../support/issuance-world.ts';
import { putRevocations } from '../support/revocations.ts';

/** More than the signer holds at a time, and than are marked as listed in one transaction. */
const revoked = 16_000;

let world: IssuanceWorld;
let csca: IssuerReference;
beforeAll(async () => {
  world = new IssuanceWorld();
  await establish(world.deps, issuancePlan, () => undefined);
  const signing = await signingCsca(world.deps);
  if (signing === undefined) throw new Error('there is no CSCA');
  csca = signing;
  putRevocations(world.recordsPath, 'dsc-passport', revoked);
});
afterAll(() => world.close());

const inRecords = <T>(work: (database: DatabaseSync) => T): T => {
  const database = new DatabaseSync(world.recordsPath);
  try {
    return work(database);
  } finally {
    database.close();
  }
};

describe('a CRL whose listing was broken off', () => {
  it('is completed with all that was revoked', async () => {
    const before = await world.deps.records.latestCrl();
    const crlNumber = (before?.crlNumber ?? 0n) + 1n;
    const thisUpdate = world.now;
    await world.deps.records.begin({ kind: 'crl', keyId: csca.keyId, crlNumber, thisUpdate });
    // As after the first of its transactions.
    inRecords((database) =>
      database.exec(
        `UPDATE revocations SET crl_number = ${crlNumber} WHERE serial_number IN (SELECT serial_number FROM revocations LIMIT 2000)`,
      ),
    );
    const record = await publishCrl(world.deps);
    expect(record.crlNumber).toBe(crlNumber);
    expect(decodeCrl(record.der, { strict: true }).revokedCertificates).toHaveLength(revoked);
    expect(await world.deps.records.listedRevocations()).toBe(revoked);
  });
});

describe('a CRL whose entries go to the signer in pieces', () => {
  const entry = (serialNumber: bigint, revocationDate = new Date('2026-02-01T00:00:00Z')) =>
    encodeEntries([{ serialNumber, revocationDate }]);
  const sign = (octets: number, pieces: readonly Uint8Array[]) =>
    world.deps.signer.signCrl({
      issuer: csca,
      crlNumber: 99n,
      thisUpdate: world.now,
      revokedCertificates: { octets, pieces: () => pieces },
    });

  it.each([
    ['fewer octets than were announced', [entry(5n)], 40, { kind: 'broken' }],
    ['more octets than were announced', [entry(5n), entry(6n)], 20, { kind: 'broken' }],
    [
      'an entry twice, in two pieces',
      [entry(5n), entry(5n)],
      40,
      { kind: 'malformed', field: 'revokedCertificates' },
    ],
    [
      'a second piece that goes back',
      [entry(6n), entry(5n)],
      40,
      { kind: 'malformed', field: 'revokedCertificates' },
    ],
    ['half an entry', [entry(5n).subarray(0, 9)], 9, { kind: 'malformed', field: 'revokedCertificates' }],
    [
      'an entry of the future in the last piece',
      [entry(5n), entry(6n, new Date('2026-12-01T00:00:00Z'))],
      40,
      { kind: 'malformed', field: 'revocationDate' },
    ],
  ])('is not signed with %s', async (_, pieces, octets, refusal) => {
    await expect(sign(octets, pieces)).rejects.toMatchObject(refusal);
  });

  it('is signed piece by piece: none is looked at again when the next one comes', async () => {
    const numbers = Array.from({ length: 600 }, (_, index) => BigInt(index + 1000));
    const whole = encodeRevokedEntries(
      numbers.map((serialNumber) => ({ serialNumber, revocationDate: new Date('2026-02-01T00:00:00Z') })),
    );
    const room = new Uint8Array(8_000);
    const pieces = function* () {
      for (const piece of whole.pieces(4_000)) {
        room.fill(0xff);
        room.set(piece);
        yield room.subarray(0, piece.length);
      }
    };
    expect([...pieces()].length).toBeGreaterThan(2);
    const { octets } = whole;
    const frame = await world.deps.signer.signCrl({
      issuer: csca,
      crlNumber: 99n,
      thisUpdate: world.now,
      revokedCertificates: { octets: octets.length, pieces },
    });
    const issuer = decodeCertificate(csca.certificate, { strict: true });
    expect(lintCrl(withEntries(frame, octets), { issuer, newest: issuer }).findings).toEqual([]);
  });

  it('is one list in the end, which the token has signed and the lint finds nothing in', async () => {
    const record = await publishCrl(world.deps);
    const crl = decodeCrl(record.der, { strict: true });
    expect(crl.revokedCertificates).toHaveLength(revoked);
    const issuer = decodeCertificate(csca.certificate, { strict: true });
    expect(lintCrl(record.der, { issuer, newest: issuer }).findings).toEqual([]);
  });
});
