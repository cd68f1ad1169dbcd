import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRecords, type Records } from '../../src/adapters/store/index.ts';
import { decodeMasterList } from '../../src/formats/masterlist/master-list.ts';
import { decodeCertificate } from '../../src/formats/x509/certificate.ts';
import { decodeCrl } from '../../src/formats/x509/crl.ts';
import { buildTrustStore, passiveAuthentication } from '../../src/rules/passive-authentication/index.ts';
import { reasonForCrl } from '../../src/services/crl/crl-due.ts';
import { publishCrl } from '../../src/services/crl/publish-crl.ts';
import { findCertificate, revoke } from '../../src/services/crl/revoke.ts';
import { establish } from '../../src/services/issuance/establish.ts';
import type { IssuanceDeps } from '../../src/services/issuance/issuance-deps.ts';
import { announceRollover, pendingRollover, rollOver } from '../../src/services/keys/csca-rollover.ts';
import { maintainKeys } from '../../src/services/keys/maintain-keys.ts';
import { cscaKeys, signingCsca } from '../../src/services/keys/signing-csca.ts';
import { publishMasterList, reasonForMasterList } from '../../src/services/masterlist/publish-master-list.ts';
import { SigningCore } from '../../src/services/signing-core/signing-core.ts';
import { DocumentSigners, loadDocumentSigners } from '../../src/services/sod/document-signers.ts';
import { shippedPolicies } from '../support/policies.ts';
import { signerOver } from '../support/signer-over.ts';
import { openTestToken, type TestToken } from '../support/token.ts';
import { utopia } from '../support/utopia.ts';

const policies = shippedPolicies();
const csca = { profile: 'csca', keyAlgorithm: 'ecdsa-P-384-sha384' };
const plan = {
  csca,
  documentSigners: [{ profile: 'dsc-passport', keyAlgorithm: 'ecdsa-P-256-sha256' }],
  masterListSigner: { profile: 'master-list-signer', keyAlgorithm: 'ecdsa-P-256-sha256' },
  otherSigners: [],
  accessCa: { profile: 'access-ca', keyAlgorithm: 'ecdsa-P-256-sha256' },
};
const day = 86_400_000;
const silent = () => undefined;
const hexOf = (octets: Uint8Array) => Buffer.from(octets).toString('hex');

/** A state that runs by itself; of everything in it only the clock is simulated. */
class SimulatedState {
  now = new Date('2026-01-01T00:00:00Z');
  readonly #folder = mkdtempSync(join(tmpdir(), 'sigillo-years-'));
  readonly #records: Records;
  readonly deps: IssuanceDeps;
  readonly #core: SigningCore;
  readonly sods: Uint8Array[] = [];

  constructor(token: TestToken) {
    const clock = { now: () => this.now };
    this.#records = openRecords(join(this.#folder, 'records.sqlite'), clock);
    this.#core = new SigningCore(token.token, policies, utopia);
    const random = { octets: (count: number) => Uint8Array.from(randomBytes(count)) };
    const signer = signerOver(this.#core);
    this.deps = { signer, records: this.#records.issuance, clock, random, policies, state: utopia };
  }

  /** What the service does every few seconds, and what the officers do once in four years. */
  async runADay(): Promise<void> {
    const { deps } = this;
    const pending = await pendingRollover(deps);
    const newest = (await cscaKeys(deps)).at(-1);
    const endsSoon = newest !== undefined && newest.signsUntil.getTime() - this.now.getTime() < 150 * day;
    if (pending === undefined && endsSoon) await announceRollover(deps);
    if (pending !== undefined && pending.notBefore <= this.now) await rollOver(deps, csca, silent);
    await maintainKeys({ ...deps, sods: this.#records.sods }, plan, silent);
    if ((await reasonForCrl(deps)) !== undefined) await publishCrl(deps);
    if ((await reasonForMasterList(deps)) !== undefined) await publishMasterList(deps);
  }

  async signSod(): Promise<void> {
    const entries = await loadDocumentSigners(this.deps.records, policies);
    const signer = new DocumentSigners(entries).active('P', this.now, () => true);
    if (signer === undefined) throw new Error(`no Document Signer on ${this.now.toISOString()}`);
    const hash = (name: string) =>
      Uint8Array.from(createHash('sha256').update(`${name} ${this.now.toISOString()}`).digest());
    const efSod = await this.#core.signSod({
      keyId: signer.keyId,
      keyAlgorithm: signer.keyAlgorithm,
      documentSigner: signer.certificate.bytes,
      documentType: 'P',
      digestAlgorithm: 'SHA-256',
      lds: { version: '1.7' },
      dataGroupHashes: new Map([
        [1, hash('DG1')],
        [2, hash('DG2')],
      ]),
      signingTime: this.now,
    });
    this.sods.push(efSod);
  }

  close(): void {
    this.#records.close();
    rmSync(this.#folder, { recursive: true });
  }
}

let token: TestToken;
let world: SimulatedState;
beforeAll(async () => {
  token = openTestToken();
  world = new SimulatedState(token);
  await establish(world.deps, plan, silent);
});
afterAll(() => {
  world.close();
  token.remove();
});

/** A border that was given the first CSCA certificate by hand and has only got link certificates since. */
async function borderWithFirstAnchor() {
  const { records } = world.deps;
  const certificates = await records.certificates();
  const ofKind = (kind: string) =>
    certificates
      .filter(({ profile }) => policies.profiles.get(profile)?.kind === kind)
      .map(({ der }) => decodeCertificate(der));
  const crl = await records.latestCrl();
  const [first] = ofKind('csca');
  if (first === undefined || crl === undefined) throw new Error('the state has no CSCA or no CRL');
  return { trust: buildTrustStore([first, ...ofKind('csca-link')]), crls: [decodeCrl(crl.der)] };
}

describe('ten years of a state in simulated time', () => {
  it('never misses a SOD, and a border with the first anchor and the links accepts every one, always', async () => {
    const { records } = world.deps;
    const crlNumbers: bigint[] = [];
    const end = new Date('2036-01-01T00:00:00Z');
    for (let days = 0; world.now < end; days += 2) {
      await world.runADay();
      if (days % 10 === 0) await world.signSod();
      const { crlNumber = 0n, nextUpdate } = (await records.latestCrl()) ?? {};
      if (crlNumbers.at(-1) !== crlNumber) crlNumbers.push(crlNumber);
      expect(nextUpdate?.getTime()).toBeGreaterThan(world.now.getTime() + 20 * day);
      if (days % 90 === 0) {
        const border = await borderWithFirstAnchor();
        for (const efSod of world.sods) {
          const report = passiveAuthentication({
            efSod,
            ...border,
            at: world.now,
            strict: true,
            requireCrl: true,
          });
          expect(report.findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
          expect(report.verdict).toBe('TRUSTED');
        }
      }
      world.now = new Date(world.now.getTime() + 2 * day);
    }
    expect(crlNumbers).toEqual(crlNumbers.map((_, index) => BigInt(index + 1)));
    expect(world.sods.length).toBeGreaterThan(360);
  }, 600_000);

  it('has changed the CSCA key twice, with notice, link and rest (§4.1.4.3)', async () => {
    const generations = await world.deps.records.certificates();
    const kinds = (kind: string) =>
      generations.filter(({ profile }) => policies.profiles.get(profile)?.kind === kind);
    expect(kinds('csca')).toHaveLength(3);
    expect(kinds('csca-link')).toHaveLength(2);
    for (const { announcedAt, notBefore, executedAt } of await world.deps.records.rollovers()) {
      expect(notBefore.getTime() - announcedAt.getTime()).toBeGreaterThanOrEqual(89 * day);
      expect(executedAt?.getTime()).toBeGreaterThanOrEqual(notBefore.getTime());
    }
    const roots = kinds('csca').map(({ der }) => decodeCertificate(der));
    for (const { der } of [...kinds('document-signer'), ...kinds('master-list-signer')]) {
      const { authorityKeyIdentifier, notBefore } = decodeCertificate(der);
      const issuer = roots.find((root) =>
        Buffer.from(root.keyIdentifier).equals(authorityKeyIdentifier?.keyIdentifier ?? Buffer.of()),
      );
      const age = notBefore.getTime() - (issuer?.notBefore.getTime() ?? Number.NaN);
      expect(issuer === roots[0] || age >= 2 * day).toBe(true);
    }
    const newest = await signingCsca(world.deps);
    expect(Buffer.from(newest?.certificate ?? []).equals(kinds('csca').at(-1)?.der ?? Buffer.of())).toBe(
      true,
    );
  });

  it('has told the new CSCA certificates in a new version of the master list each time', async () => {
    const { records } = world.deps;
    const latest = await records.latestMasterList();
    const listed = decodeMasterList(latest?.der ?? new Uint8Array()).certificates.map(({ bytes }) => bytes);
    const csca = (await records.certificates())
      .filter(({ profile }) => ['csca', 'csca-link'].includes(profile))
      .map(({ der }) => der);
    expect(listed).toHaveLength(5);
    expect(new Set(listed.map(hexOf))).toEqual(new Set(csca.map(hexOf)));
    expect(latest?.version).toBe(3);
  });

  it('has used some forty Document Signers one after the other, and destroyed the keys of those that are over', async () => {
    const keys = (await world.deps.records.keys()).filter(({ role }) => role === 'document-signer');
    expect(keys.length).toBeGreaterThanOrEqual(40);
    const left = keys.filter(({ destroyed }) => destroyed === undefined);
    expect(left.length).toBeLessThanOrEqual(3);
    const ids = new Set(keys.map(({ keyId }) => keyId));
    expect(ids.size).toBe(keys.length);
    for (const { keyId, destroyed } of keys) {
      const found = token.token.findKey(keyId, 'document-signer');
      if (destroyed === undefined) await found;
      else await expect(found).rejects.toThrow(/no key/);
    }
  });

  it('makes the next Document Signer at once when one is revoked, and never uses its key again', async () => {
    const { deps } = world;
    const active = async () =>
      new DocumentSigners(await loadDocumentSigners(deps.records, policies)).active(
        'P',
        world.now,
        () => true,
      );
    const before = await active();
    const certificate = await findCertificate(deps, before?.certificate.fingerprint ?? '');
    await revoke(deps, certificate, 'keyCompromise');
    const ended = (await deps.records.keys()).find(({ keyId }) => keyId === before?.keyId);
    expect(ended?.retired?.reason).toBe('its certificate was revoked');
    await world.runADay();
    await world.signSod();
    const after = await active();
    expect(after?.keyId).not.toBe(before?.keyId);
    expect(after?.signsFrom.getTime()).toBeLessThanOrEqual(world.now.getTime());
    const keys = (await deps.records.keys()).length;
    await world.runADay();
    expect((await deps.records.keys()).length).toBe(keys);
  });

  it('has never repeated a serial number', async () => {
    const serials = (await world.deps.records.certificates()).map(({ serialNumber }) => serialNumber);
    expect(new Set(serials).size).toBe(serials.length);
  });
});
