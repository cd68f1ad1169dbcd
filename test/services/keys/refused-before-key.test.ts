import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../../src/formats/x509/certificate.ts';
import { establish, makeCertifiedKey, type PlannedKey } from '../../../src/services/issuance/establish.ts';
import { serialNumbers } from '../../../src/services/issuance/serial-numbers.ts';
import { signingCsca } from '../../../src/services/keys/signing-csca.ts';
import type { KeyRole } from '../../../src/services/ports.ts';
import { issuancePlan, IssuanceWorld } from '../../support/issuance-world.ts';

const silent = () => undefined;
const ecdsa = 'ecdsa-P-256-sha256';
const vds: PlannedKey = { profile: 'vds-signer', keyAlgorithm: ecdsa, name: 'VS' };

let world: IssuanceWorld;
beforeAll(async () => {
  world = new IssuanceWorld();
  await establish(world.deps, issuancePlan, silent);
});
afterAll(() => world.close());

async function traces() {
  const { records } = world.deps;
  return {
    keysOnToken: (await world.token.token.status()).keys,
    keys: (await records.keys()).map(({ label, uses }) => ({ label, uses })),
    certificates: (await records.certificates()).length,
    openIntents: (await records.openIntents()).length,
  };
}

function next(planned: PlannedKey, role: KeyRole, number = 1, progress: (making: string) => void = silent) {
  return makeCertifiedKey(world.deps, { planned, role, number }, progress);
}

describe('what can be known to be refused, before there is a key', () => {
  it.each<[string, PlannedKey, KeyRole, RegExp, string | undefined]>([
    [
      'a bar-code signer with three letters',
      { ...vds, name: 'VSX' },
      'vds-signer',
      /exactly two characters.*"VSX"/,
      'C-DN1-VDS-CN',
    ],
    [
      'a bar-code signer in lower case',
      { ...vds, name: 'vs' },
      'vds-signer',
      /A to Z and 0 to 9/,
      'C-DN1-VDS-CN',
    ],
    ['a bar-code signer without a name', { ...vds, name: undefined }, 'vds-signer', /\{name\}/, undefined],
    [
      'an LDS2 signer with ten letters',
      { profile: 'lds2-visa-signer', keyAlgorithm: ecdsa, name: 'VISASIGNER' },
      'lds2-signer',
      /at most nine characters.*has 10/,
      'C-DN1-LDS2-CN',
    ],
    [
      'a key algorithm that the profile does not allow',
      { ...vds, keyAlgorithm: 'rsassa-pss-3072-sha256' },
      'vds-signer',
      /not allowed for vds-signer/,
      undefined,
    ],
    [
      'a key algorithm that there is not',
      { ...vds, keyAlgorithm: 'ecdsa-x' },
      'vds-signer',
      /no keyAlgorithm ecdsa-x/,
      undefined,
    ],
    ['a profile that there is not', { ...vds, profile: 'x' }, 'vds-signer', /no profile x/, undefined],
  ])('refuses %s and leaves nothing', async (_, planned, role, message, rule) => {
    const before = await traces();
    const said: string[] = [];
    const making = next(planned, role, 1, (text) => said.push(text));
    await expect(making).rejects.toThrow(
      expect.objectContaining({
        kind: 'refused',
        message: expect.stringMatching(message),
        details: expect.objectContaining(rule === undefined ? {} : { rule }),
      }),
    );
    expect(said).toEqual([]);
    expect(await traces()).toEqual(before);
  });

  it('refuses a certificate that would outlive its issuer', async () => {
    const before = await traces();
    const { now } = world;
    world.now = new Date(Date.UTC(now.getUTCFullYear() + 4, now.getUTCMonth() + 8));
    await expect(next(vds, 'vds-signer')).rejects.toThrow(
      expect.objectContaining({ details: expect.objectContaining({ rule: 'C-VAL' }) }),
    );
    world.now = now;
    expect(await traces()).toEqual(before);
  });

  it('refuses a sixth bar-code signer within 365 days, under whatever name (§4.1.3)', async () => {
    const first = world.now;
    for (let number = 1; number <= 5; number += 1) {
      await next({ ...vds, name: `V${number}` }, 'vds-signer', number);
      world.now = new Date(world.now.getTime() + 86_400_000);
    }
    const before = await traces();
    const sixth = () => next(vds, 'vds-signer', 6);
    await expect(sixth()).rejects.toThrow(
      expect.objectContaining({
        kind: 'refused',
        details: expect.objectContaining({ rule: 'vds-keys-a-year', source: 'Doc 9303-12 §4.1.3' }),
      }),
    );
    expect(await traces()).toEqual(before);
    world.now = new Date(first.getTime() + 364 * 86_400_000);
    await expect(sixth()).rejects.toThrow(/365 days/);
    world.now = new Date(first.getTime() + 365 * 86_400_000);
    await sixth();
  });

  it('lets a period that was to begin meanwhile begin with its certificate', async () => {
    const { deps } = world;
    const clock = { now: () => (world.now = new Date(world.now.getTime() + 700)) };
    const planned = { profile: 'dtc-signer', keyAlgorithm: ecdsa };
    const usageFrom = new Date(Math.floor(world.now.getTime() / 1000) * 1000);
    const { der } = await makeCertifiedKey(
      { ...deps, clock },
      { planned, role: 'dtc-signer', number: 1, usageFrom },
      silent,
    );
    const { notBefore, privateKeyUsagePeriod } = decodeCertificate(der, { strict: true });
    expect(notBefore.getTime()).toBeGreaterThan(usageFrom.getTime());
    expect(privateKeyUsagePeriod?.notBefore).toEqual(notBefore);
  });

  it('does not stand in the way of an RSA key', async () => {
    const planned = { profile: 'deviation-list-signer', keyAlgorithm: 'rsassa-pss-3072-sha256' };
    await next(planned, 'deviation-list-signer');
  });

  it('refuses a bar-code signer while the references of a whole day are taken (decision 0010)', async () => {
    const { deps } = world;
    world.now = new Date(world.now.getTime() + 30 * 86_400_000);
    const form = { certificateReference: 'five-hex-digits' } as const;
    for (const serialNumber of serialNumbers(form, world.now, deps.random)) {
      // Begun and given up, as when the signer refuses.
      const order = {
        profile: 'vds-signer',
        subject: { name: 'VS' },
        subjectKey: { keyId: '00' },
        keyAlgorithm: ecdsa,
        issuer: await signingCsca(deps),
        serialNumber,
        notBefore: world.now,
        policyDigest: deps.policies.digest,
      };
      await deps.records.begin({ kind: 'certificate', order });
      await deps.records.abandon({ kind: 'certificate', order }, 'refused');
    }
    const before = await traces();
    const said: string[] = [];
    const refusal = { code: 'duplicate', details: expect.objectContaining({ rule: 'C-SER' }) };
    await expect(next(vds, 'vds-signer', 7, (text) => said.push(text))).rejects.toThrow(
      expect.objectContaining(refusal),
    );
    expect(said).toEqual([]);
    expect(await traces()).toEqual(before);
  });

  it('refuses to certify with a CSCA key that is not on the token', async () => {
    const keys = await world.deps.records.keys();
    const csca = keys.find(({ role }) => role === 'csca');
    await world.token.token.destroyKey(csca?.keyId ?? '', 'csca');
    const before = await traces();
    await expect(
      next({ profile: 'dsc-passport', keyAlgorithm: ecdsa }, 'document-signer', 2),
    ).rejects.toThrow(expect.objectContaining({ kind: 'refused', code: 'not-found' }));
    expect(await traces()).toEqual(before);
  });
});
