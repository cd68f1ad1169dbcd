import { describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../../src/formats/x509/certificate.ts';
import { decodeCrl } from '../../../src/formats/x509/crl.ts';
import {
  allRules,
  type CrlLintOptions,
  type LintReport,
  lintCrl,
  lintToBeSigned,
} from '../../../src/rules/lint/index.ts';
import {
  added,
  at,
  type CrlParts,
  crlParts,
  encodeTbsCrl,
  issuerOf,
  keyFor,
  revoked,
} from '../../support/lint-parts.ts';
import { sequence } from '../../../src/formats/der/writer.ts';
import {
  cleanCrl,
  type CrlFixture,
  crlFixtures,
  crlInputs,
  formerName,
  signCrlParts,
} from './crl-fixtures.ts';

function lint(parts: CrlParts, options: CrlLintOptions, toBeSigned: true | undefined): LintReport {
  return toBeSigned === true
    ? lintToBeSigned(encodeTbsCrl(parts), options)
    : lintCrl(signCrlParts(parts), options);
}

function codes(report: LintReport): readonly string[] {
  return [...new Set(report.findings.map(({ code }) => code))].toSorted();
}

function optionsOf({ edition, inputs }: CrlFixture): CrlLintOptions {
  return { ...crlInputs(), ...(edition === undefined ? {} : { edition }), ...inputs };
}

const rules = allRules.filter(({ id }) => id.startsWith('R-'));

describe('rules about CRLs', () => {
  it('have one fixture each', () => {
    const withFixture = crlFixtures.map(({ rule }) => rule);
    expect(withFixture.toSorted()).toEqual(rules.map(({ id }) => id).toSorted());
  });

  describe.each(crlFixtures)('$rule', (fixture) => {
    it('is judged on a clean CRL and finds nothing', () => {
      const report = lint(cleanCrl(), optionsOf(fixture), fixture.toBeSigned);
      expect(report.findings).toEqual([]);
      expect(report.notApplicable.map(({ code }) => code)).not.toContain(fixture.rule);
    });

    it('alone refuses a CRL that breaks it alone', () => {
      const options = { ...optionsOf(fixture), ...fixture.badInputs?.() };
      const report = lint(fixture.breaks?.(cleanCrl()) ?? cleanCrl(), options, fixture.toBeSigned);
      expect(codes(report)).toEqual([fixture.rule, ...(fixture.also?.[0] ?? [])].toSorted());
    });
  });
});

describe('clean CRLs', () => {
  it.each([
    'ecdsa-P-384-sha384',
    'ecdsa-brainpoolP512r1-sha512',
    'rsassa-pss-4096-sha512',
    'rsassa-pkcs1-4096-sha256',
  ])('signed with %s', (algorithm) => {
    const issuer = issuerOf(keyFor(algorithm, 'csca'));
    const certificate = decodeCertificate(issuer.certificate);
    const options = { ...crlInputs(), issuer: certificate, newest: certificate };
    const report = lint(crlParts(issuer), options, undefined);
    expect(report).toMatchObject({ kind: 'crl', edition: 8, verdict: 'CLEAN', findings: [] });
    expect(report.notApplicable).toEqual([]);
  });

  it('without entries, and with the former name of the CSCA', () => {
    const nothing = { ...cleanCrl(), revokedCertificates: [] };
    expect(lint(nothing, { ...crlInputs(), previous: undefined }, undefined).verdict).toBe('CLEAN');
    const renamed = added(cleanCrl(), 'issuerAltName', formerName());
    expect(lint(renamed, crlInputs(), undefined).verdict).toBe('CLEAN');
  });

  it('is recognised before it is signed, and the signature is left unjudged', () => {
    const report = lint(cleanCrl(), crlInputs(), true);
    expect(report).toMatchObject({ kind: 'crl', verdict: 'CLEAN' });
    expect(report.notApplicable.map(({ code }) => code)).toEqual([
      'R-DER-TRAILING',
      'R-ALG-SAME',
      'R-SIG',
      'R-SIG-DIGESTINFO',
      'R-SIG-VALUE',
    ]);
  });
});

describe('lintCrl', () => {
  it('never throws, whatever octet is changed', () => {
    const bytes = signCrlParts(cleanCrl());
    const options = crlInputs();
    for (let position = 0; position < bytes.length; position += 1) {
      const copy = Uint8Array.from(bytes);
      copy[position] = (copy[position] ?? 0) ^ (1 << (position % 8));
      expect(() => lintCrl(copy, options)).not.toThrow();
    }
  });

  it('names a few of the entries that are wrong, not all of them', () => {
    const late = Array.from({ length: 20 }, (_, index) => revoked(BigInt(100 + index), at('2026-04-01')));
    const parts = { ...cleanCrl(), revokedCertificates: [sequence(...late)] };
    const { findings } = lintCrl(decodeCrl(signCrlParts(parts)), { edition: 8 });
    expect(findings.map(({ code }) => code)).toEqual(Array.from({ length: 5 }, () => 'R-REVDATE'));
  });
});
