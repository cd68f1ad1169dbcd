import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../../src/formats/x509/certificate.ts';
import { parsePolicies } from '../../../src/rules/profile/policies.ts';
import { establish, type InstancePlan } from '../../../src/services/issuance/establish.ts';
import { makeKeyPair } from '../../../src/services/issuance/make-key-pair.ts';
import { announceRollover, rollOver } from '../../../src/services/keys/csca-rollover.ts';
import { keyStatuses } from '../../../src/services/keys/key-status.ts';
import { maintainKeys } from '../../../src/services/keys/maintain-keys.ts';
import type { KeyRole } from '../../../src/services/ports.ts';
import { issuancePlan, IssuanceWorld } from '../../support/issuance-world.ts';
import { shippedPolicySources } from '../../support/policies.ts';

const ecdsa = 'ecdsa-P-256-sha256';
const plan: InstancePlan = {
  ...issuancePlan,
  otherSigners: [
    { profile: 'vds-signer', keyAlgorithm: ecdsa, name: 'VS' },
    { profile: 'vds-nc-signer', keyAlgorithm: ecdsa, name: 'HEALTH' },
    { profile: 'lds2-visa-signer', keyAlgorithm: ecdsa, name: 'VISA1' },
    { profile: 'dtc-signer', keyAlgorithm: ecdsa },
  ],
};
const day = 86_400_000;
const silent = () => undefined;

function maintain({ deps, records }: IssuanceWorld): Promise<boolean> {
  return maintainKeys({ ...deps, sods: records.sods }, plan, silent);
}

async function certificateOf({ deps }: IssuanceWorld, keyId: string) {
  const record = (await deps.records.certificates()).find((candidate) => candidate.keyId === keyId);
  if (record === undefined) throw new Error(`key ${keyId} has no certificate`);
  return decodeCertificate(record.der, { strict: true });
}

let world: IssuanceWorld;
const start = new Date('2026-11-01T00:00:00Z');
beforeAll(async () => {
  world = new IssuanceWorld();
  await establish(world.deps, plan, silent);
  for (let days = 0; days <= 800; days += 5) {
    world.now = new Date(start.getTime() + days * day);
    await maintain(world);
  }
});
afterAll(() => world.close());

async function keysOf(role: KeyRole) {
  return (await world.deps.records.keys()).filter((key) => key.role === role);
}

describe('keys of signers beside the Document Signers', () => {
  it.each<KeyRole>(['vds-signer', 'vds-nc-signer', 'lds2-signer'])(
    'a %s has the next one 30 days before its two years end, is retired then, and destroyed after 30 days',
    async (role) => {
      const [first, second, ...more] = await keysOf(role);
      expect(more).toEqual([]);
      if (first === undefined || second === undefined) throw new Error(`there is no second ${role}`);
      const end = new Date('2028-11-01T00:00:00Z');
      const { notBefore } = await certificateOf(world, second.keyId);
      expect(notBefore.getTime()).toBeGreaterThanOrEqual(end.getTime() - 30 * day);
      expect(notBefore.getTime()).toBeLessThan(end.getTime() - 24 * day);
      expect(first.retired?.reason).toBe('its private key usage period is over');
      const retiredAt = first.retired?.at.getTime() ?? 0;
      expect(retiredAt).toBeGreaterThan(end.getTime());
      expect(retiredAt).toBeLessThanOrEqual(end.getTime() + 6 * day);
      expect(first.destroyed?.at.getTime()).toBeGreaterThanOrEqual(retiredAt + 30 * day);
      await expect(world.token.token.findKey(first.keyId, role)).rejects.toThrow(/no key/);
      expect(second.retired).toBeUndefined();
      await world.token.token.findKey(second.keyId, role);
    },
  );

  it('a DTC signer takes over when the one before ends, without a gap', async () => {
    const keys = await keysOf('dtc-signer');
    expect(keys.length).toBeGreaterThanOrEqual(8);
    expect(keys.every(({ usageLimit }) => usageLimit === 100_000)).toBe(true);
    const periods = await Promise.all(
      keys.map(async ({ keyId }) => (await certificateOf(world, keyId)).privateKeyUsagePeriod),
    );
    for (const [index, period] of periods.entries()) {
      if (index > 0) expect(period?.notBefore).toEqual(periods[index - 1]?.notAfter);
    }
    expect(keys.filter(({ destroyed }) => destroyed === undefined).length).toBeLessThanOrEqual(3);
  });

  it('are shown wherever they are in their lives', async () => {
    const { deps } = world;
    const unmade = { profile: 'deviation-list-signer', keyAlgorithm: ecdsa };
    const wider = { ...plan, otherSigners: [...plan.otherSigners, unmade] };
    await makeKeyPair(deps, 'dtc-signer', 'dtc-signer-00099', ecdsa, 7);
    const shown = await keyStatuses(deps.records, deps.policies, wider, world.now);
    const states = new Map(shown.map(({ label, state }) => [label, state]));
    expect(states.get('deviation-list-signer')).toBe('planned');
    expect(states.get('vds-signer-00001')).toBe('destroyed');
    expect(states.get('vds-signer-00002')).toBe('active');
    expect(states.get('dsc-passport-00001')).toBe('destroyed');
    expect([...states.values()].filter((state) => state === 'planned')).toHaveLength(1);
    expect(shown.find(({ label }) => label === 'dtc-signer-00099')).toMatchObject({
      state: 'generated',
      uses: expect.any(Number),
      usageLimit: 7,
      certificate: undefined,
    });
    expect(shown.find(({ label }) => label === 'vds-signer-00001')).toMatchObject({
      retired: { reason: 'its private key usage period is over' },
      destroyed: { reason: 'its private key usage period is over' },
      revoked: undefined,
    });
    const dtc = (await keysOf('dtc-signer')).at(-2);
    const record = (await deps.records.certificates()).find(({ keyId }) => keyId === dtc?.keyId);
    await deps.records.revoke({
      serialNumber: record?.serialNumber ?? 0n,
      revocationDate: world.now,
      reason: 'keyCompromise',
    });
    const after = await keyStatuses(deps.records, deps.policies, wider, world.now);
    expect(after.filter(({ revoked }) => revoked !== undefined)).toEqual([
      expect.objectContaining({
        label: dtc?.label,
        certificate: record?.sha256,
        revoked: { at: world.now, reason: 'keyCompromise' },
      }),
    ]);
    const early = await keyStatuses(deps.records, deps.policies, wider, new Date(start.getTime() - day));
    expect(new Set(early.map(({ state }) => state))).toContain('certified');
  });

  it('a sixth bar-code signer within a year is not made, and the other keys live on', async () => {
    const sources = shippedPolicySources().map((source) =>
      source.file.endsWith('/vds-signer.yaml')
        ? { ...source, text: source.text.replace('prepareBefore: P30D', 'prepareBefore: P720D') }
        : source,
    );
    const hasty = new IssuanceWorld(parsePolicies(sources), world.token);
    hasty.now = start;
    await establish(hasty.deps, plan, silent);
    const made = async () =>
      (await hasty.deps.records.certificates()).filter(({ profile }) => profile === 'vds-signer').length;
    for (let number = 2; number <= 5; number += 1) {
      hasty.now = new Date(hasty.now.getTime() + 20 * day);
      await maintain(hasty);
      expect(await made()).toBe(number);
    }
    hasty.now = new Date(start.getTime() + 100 * day);
    await expect(maintain(hasty)).rejects.toThrow(
      expect.objectContaining({ details: expect.objectContaining({ rule: 'vds-keys-a-year' }) }),
    );
    expect(await made()).toBe(5);
    const dsc = (await hasty.deps.records.keys()).find(({ role }) => role === 'document-signer');
    expect(dsc?.retired?.at).toEqual(hasty.now);
    hasty.closeRecords();
  });
});

describe('a CSCA key that follows another one', () => {
  it('is shown as certified, with the day from which it signs, until its rest is over', async () => {
    const next = new IssuanceWorld(undefined, world.token);
    const { deps } = next;
    const cscaKeysShown = async () => {
      const shown = await keyStatuses(deps.records, deps.policies, plan, next.now);
      return shown.filter(({ role }) => role === 'csca');
    };
    await establish(deps, plan, silent);
    expect(await cscaKeysShown()).toMatchObject([{ state: 'active', signsFrom: next.now }]);
    const { notBefore } = await announceRollover(deps);
    next.now = notBefore;
    if (!('keyAlgorithm' in plan.csca)) throw new Error('the CSCA is offline');
    await rollOver(deps, plan.csca, silent);
    const signsFrom = new Date(notBefore.getTime() + 2 * day);
    next.now = new Date(signsFrom.getTime() - 1000);
    await maintain(next);
    expect(await cscaKeysShown()).toMatchObject([{ state: 'active' }, { state: 'certified', signsFrom }]);
    next.now = signsFrom;
    await maintain(next);
    expect(await cscaKeysShown()).toMatchObject([{ state: 'retired' }, { state: 'active', signsFrom }]);
    next.closeRecords();
  });
});
