import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRecords, type Records } from '../../src/adapters/store/index.ts';
import { type Policies, parsePolicies, policyDigest } from '../../src/rules/profile/policies.ts';
import { findCertificates } from '../../src/services/archive/find-certificates.ts';
import { recheck } from '../../src/services/archive/recheck.ts';
import { publishCrl } from '../../src/services/crl/publish-crl.ts';
import { makeCertifiedKey } from '../../src/services/issuance/establish.ts';
import type { IssuanceDeps } from '../../src/services/issuance/issuance-deps.ts';
import { SigningCore } from '../../src/services/signing-core/signing-core.ts';
import { shippedPolicySources } from '../support/policies.ts';
import { signerOver } from '../support/signer-over.ts';
import { openTestToken, type TestToken } from '../support/token.ts';
import { utopia } from '../support/utopia.ts';

/** A state that writes its code in lower case, which Doc 9303-12 §7.1.1.2 forbids, and hashes less than its key is worth. */
const state = { ...utopia, mrzCode: 'uto' };
const ofCertificate = ['C-AN-IAN-CODE', 'C-AN-MRZ', 'C-AN-SAN-CODE'];
const ruleIds = [...ofCertificate, 'R-ALG-CURVE-DIGEST'];
const planned = { profile: 'csca', keyAlgorithm: 'ecdsa-P-384-sha256' };
const silent = () => undefined;

function waiving(until: string): Policies {
  const entries = ruleIds.map(
    (id) => `  - { id: ${id}, reason: "decision 4711, until the change", until: ${until} }`,
  );
  const text = `policy: waivers\nwaivers:\n${entries.join('\n')}\n`;
  const sources = shippedPolicySources().map((source) => ({
    ...source,
    text: source.text.replace('ecdsa-P-384-sha384', planned.keyAlgorithm),
  }));
  return parsePolicies([...sources, { file: 'policies/waivers.yaml', text }]);
}

let token: TestToken;
let folder: string;
let records: Records;
const now = new Date('2026-11-01T00:00:00Z');
beforeAll(() => {
  token = openTestToken();
});
afterAll(() => token.remove());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigillo-waivers-'));
  records = openRecords(join(folder, 'records.sqlite'), { now: () => now });
});
afterEach(() => {
  records.close();
  rmSync(folder, { recursive: true });
});

function issuing(policies: Policies): IssuanceDeps {
  const random = { octets: (count: number) => Uint8Array.from(randomBytes(count)) };
  const core = new SigningCore(token.token, policies, state);
  return {
    signer: signerOver(core),
    records: records.issuance,
    clock: records.clock,
    random,
    policies,
    state,
  };
}

const looking = () => ({ records: records.issuance, archive: records.archive, at: now });

describe('a waiver', () => {
  it('is on record with what was issued under it, with rule, reason, end and time', async () => {
    const policies = waiving('2026-12-31');
    const deps = issuing(policies);
    await deps.records.recordPolicies(policies);
    await makeCertifiedKey(deps, { planned, role: 'csca', number: 1 }, silent);
    await publishCrl(deps);
    const waived = {
      reason: 'decision 4711, until the change',
      until: new Date('2026-12-31T23:59:59Z'),
      policyDigest: policies.digest,
      at: now,
    };
    const [found] = await findCertificates(looking(), {});
    expect(found).toMatchObject({ hasPolicies: true });
    expect(found?.waived.map(({ rule }) => rule).toSorted()).toEqual(ofCertificate);
    for (const finding of found?.waived ?? []) expect(finding).toMatchObject(waived);
    const crl = records.archive.waivedFindings().filter(({ about }) => about === 'crl');
    expect(crl).toMatchObject([{ ...waived, number: 1n, rule: 'R-ALG-CURVE-DIGEST' }]);
    const { defects, notes } = await recheck(looking());
    expect(defects).toEqual([]);
    for (const id of ruleIds) {
      const note = new RegExp(`^${id}: .*; waived until 2026-12-31: decision 4711`);
      expect(notes.map(({ detail }) => detail)).toContainEqual(expect.stringMatching(note));
    }
  });

  it('that is over waives nothing: nothing is signed', async () => {
    const deps = issuing(waiving('2026-10-31'));
    await expect(makeCertifiedKey(deps, { planned, role: 'csca', number: 1 }, silent)).rejects.toMatchObject({
      kind: 'refused',
      details: { rule: 'C-AN-IAN-CODE' },
    });
    expect(records.archive.waivedFindings()).toEqual([]);
  });

  it('that was struck from the records shows as a defect', async () => {
    const deps = issuing(waiving('2026-12-31'));
    await makeCertifiedKey(deps, { planned, role: 'csca', number: 1 }, silent);
    tamper('DELETE FROM waived_findings');
    const { defects } = await recheck(looking());
    expect(defects.map(({ detail }) => detail)).toContainEqual(expect.stringMatching(/^C-AN-SAN-CODE/));
  });
});

describe('a waiver on record that the policies of its digest do not have', () => {
  const policies = waiving('2026-12-31');
  beforeEach(async () => {
    const deps = issuing(policies);
    await deps.records.recordPolicies(policies);
    await makeCertifiedKey(deps, { planned, role: 'csca', number: 1 }, silent);
    await publishCrl(deps);
  });

  async function defects(): Promise<readonly string[]> {
    const found = (await recheck(looking())).defects;
    for (const { mend } of found) expect(mend).toContain(`sigillo policies --digest ${policies.digest}`);
    return found.map(({ about, detail }) => `${about}: ${detail}`);
  }

  it('is a defect where they waive no such rule', async () => {
    tamper(
      "INSERT INTO waived_findings SELECT about, number, 'R-VER', detail, reason, until, policy_digest, waived_at FROM waived_findings WHERE about = 'crl'",
    );
    expect(await defects()).toEqual([
      expect.stringMatching(
        `^CRL 1: R-VER was set aside on 2026-11-01 until 2026-12-31 .*, and the policies ${policies.digest} waive no such rule \\(policies/waivers.yaml\\)$`,
      ),
    ]);
  });

  it('is a defect where they waived it until a day that was over', async () => {
    tamper(
      "UPDATE waived_findings SET until = '2027-06-30T23:59:59.000Z', waived_at = '2027-01-01T00:00:00.000Z' WHERE about = 'crl'",
    );
    expect(await defects()).toEqual([
      expect.stringMatching(
        /^CRL 1: R-ALG-CURVE-DIGEST was set aside on 2027-01-01 until 2027-06-30 .* waived it until 2026-12-31 only/,
      ),
    ]);
  });

  it.each([
    ['end', "until = '2027-06-30T23:59:59.000Z'"],
    ['reason', "reason = 'nobody has decided this'"],
  ])('is a defect where they have another %s', async (_, change) => {
    tamper(`UPDATE waived_findings SET ${change} WHERE about = 'crl'`);
    expect(await defects()).toEqual([
      expect.stringMatching(/^CRL 1: .* waive it until 2026-12-31: decision 4711, until the change/),
    ]);
  });

  it('is a note where their waivers are of a version that cannot be read', async () => {
    const later = waiving('2026-12-31').sources.map((source) => ({
      ...source,
      text: source.text.replace('id: C-AN-MRZ', 'id: C-OF-ANOTHER-VERSION'),
    }));
    const digest = policyDigest(later);
    tamper(
      `UPDATE policy_sets SET digest = '${digest}', files = '${JSON.stringify(later).replaceAll("'", "''")}'`,
    );
    tamper(`UPDATE waived_findings SET policy_digest = '${digest}'`);
    const { defects: found, notes } = await recheck(looking());
    expect(found).toEqual([]);
    expect(notes).toContainEqual({
      about: `policies ${digest}`,
      detail: expect.stringMatching(
        /^their waivers cannot be read .*waivers\.yaml:\d+ .*C-OF-ANOTHER-VERSION/,
      ),
    });
  });
});

describe('policies on record', () => {
  it('are kept once, whole, by their digest', async () => {
    const policies = waiving('2026-12-31');
    await records.issuance.recordPolicies(policies);
    await records.issuance.recordPolicies(policies);
    expect(records.archive.policySets()).toEqual([
      { digest: policies.digest, files: policies.sources, firstUsedAt: now },
    ]);
  });

  it('are noted where a certificate names such as are not there, and a defect where their text was changed', async () => {
    const policies = waiving('2026-12-31');
    const deps = issuing(policies);
    await makeCertifiedKey(deps, { planned, role: 'csca', number: 1 }, silent);
    const before = await recheck(looking());
    expect(before.defects).toEqual([]);
    expect(before.notes).toContainEqual({
      about: `policies ${policies.digest}`,
      detail: 'their text is not on record',
    });
    await deps.records.recordPolicies(policies);
    tamper("UPDATE policy_sets SET files = replace(files, 'P60D', 'P61D')");
    expect((await recheck(looking())).defects).toEqual([
      { about: `policies ${policies.digest}`, detail: 'their text on record has another digest' },
    ]);
  });
});

function tamper(statement: string): void {
  const database = new DatabaseSync(join(folder, 'records.sqlite'));
  expect(database.prepare(statement).run().changes).toBeGreaterThan(0);
  database.close();
}
