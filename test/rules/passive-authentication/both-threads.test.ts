import { beforeAll, describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../../src/formats/x509/certificate.ts';
import { decodeCrl } from '../../../src/formats/x509/crl.ts';
import {
  buildTrustStore,
  passiveAuthentication,
  passiveAuthenticationAsync,
  type PassiveAuthenticationInput,
} from '../../../src/rules/passive-authentication/index.ts';
import { noon, signCrl, type Utopia, utopia } from '../../support/software-pki.ts';

let country: Utopia;
let usual: PassiveAuthenticationInput;

beforeAll(() => {
  country = utopia('ecdsa-P-256-sha256');
  const trust = buildTrustStore([decodeCertificate(country.csca.bytes)]);
  const crls = [decodeCrl(signCrl(country.csca, []))];
  const { efSod, dataGroups } = country;
  usual = { efSod, dataGroups, trust, crls, at: noon('2026-03-01'), strict: true, requireCrl: true };
});

describe('Passive Authentication with signatures on the thread pool', () => {
  it('says the same as on this thread of a good document', async () => {
    const report = await passiveAuthenticationAsync(usual);
    expect(report.verdict).toBe('TRUSTED');
    const { steps, findings } = passiveAuthentication(usual);
    expect(report).toMatchObject({ steps, findings });
  });

  it.each([true, false])(
    'says the same of a flipped last octet of the signature, strict: %s',
    async (strict) => {
      const efSod = Uint8Array.from(country.efSod);
      efSod[efSod.length - 1] = (efSod[efSod.length - 1] ?? 0) ^ 1;
      const report = await passiveAuthenticationAsync({ ...usual, efSod, strict });
      expect(report.verdict).toBe('INVALID');
      expect(report.findings.map(({ code }) => code)).toContain('SOD_SIGNATURE');
      const { steps, findings } = passiveAuthentication({ ...usual, efSod, strict });
      expect(report).toMatchObject({ steps, findings });
    },
  );
});

describe('what a trust store remembers of a CRL', () => {
  it('is of that store: another one without the key does not take it', () => {
    expect(passiveAuthentication(usual).verdict).toBe('TRUSTED');
    const stranger = utopia('ecdsa-P-256-sha256');
    const trust = buildTrustStore([decodeCertificate(stranger.csca.bytes)]);
    const { verdict, findings } = passiveAuthentication({ ...usual, efSod: stranger.efSod, trust });
    expect(verdict).not.toBe('TRUSTED');
    expect(findings.map(({ code }) => code)).toContain('CRL_SIGNATURE');
  });
});
