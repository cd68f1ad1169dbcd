import { describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../../src/formats/x509/certificate.ts';
import {
  allRules,
  certificateKinds,
  type CertificateKind,
  type CertificateLintOptions,
  type LintReport,
  lintCertificate,
  lintToBeSigned,
} from '../../../src/rules/lint/index.ts';
import {
  type CertificateParts,
  cleanParts,
  cscaParts,
  encodeTbs,
  inputsOf,
  issuerOf,
  keyFor,
  linkParts,
  signerParts,
  signParts,
} from '../../support/lint-parts.ts';
import { type CertificateFixture, certificateFixtures } from './certificate-fixtures.ts';

function lint(
  parts: CertificateParts,
  options: CertificateLintOptions,
  toBeSigned: true | undefined,
): LintReport {
  const tbs = encodeTbs(parts);
  return toBeSigned === true ? lintToBeSigned(tbs, options) : lintCertificate(signParts(tbs, parts), options);
}

function codes(report: LintReport): readonly string[] {
  return [...new Set(report.findings.map(({ code }) => code))].toSorted();
}

function good({ kind, edition, inputs, from, toBeSigned }: CertificateFixture): LintReport {
  const options = { ...inputsOf(kind), ...(edition === undefined ? {} : { edition }), ...inputs };
  return lint((from ?? (() => cleanParts(kind)))(), options, toBeSigned);
}

function bad(fixture: CertificateFixture): LintReport {
  const { kind, edition, inputs, badInputs, from, breaks, toBeSigned } = fixture;
  const options = {
    ...inputsOf(kind),
    ...(edition === undefined ? {} : { edition }),
    ...inputs,
    ...badInputs,
  };
  const clean = (from ?? (() => cleanParts(kind)))();
  return lint(breaks?.(clean) ?? clean, options, toBeSigned);
}

const rules = allRules.filter(({ id }) => id.startsWith('C-'));

describe('rules about certificates', () => {
  it('have one fixture each', () => {
    const withFixture = certificateFixtures.map(({ rule }) => rule);
    expect(withFixture.toSorted()).toEqual(rules.map(({ id }) => id).toSorted());
  });

  describe.each(certificateFixtures)('$rule', (fixture) => {
    it('is judged on a clean certificate and finds nothing', () => {
      const report = good(fixture);
      expect(report.findings).toEqual([]);
      expect(report.notApplicable.map(({ code }) => code)).not.toContain(fixture.rule);
    });

    it('alone refuses a certificate that breaks it alone', () => {
      const report = bad(fixture);
      expect(codes(report)).toEqual([fixture.rule, ...(fixture.also?.[0] ?? [])].toSorted());
      const rule = rules.find(({ id }) => id === fixture.rule);
      const found = report.findings.find(({ code }) => code === fixture.rule);
      expect(found).toMatchObject({ severity: rule?.severity, source: rule?.source, mend: rule?.mend });
    });
  });
});

/** What a policy lets each kind sign with. */
const cscaAlgorithms = [
  'ecdsa-P-384-sha384',
  'ecdsa-P-521-sha512',
  'ecdsa-brainpoolP384r1-sha384',
  'ecdsa-brainpoolP512r1-sha512',
  'rsassa-pss-4096-sha512',
  'rsassa-pss-4096-sha256',
  'rsassa-pkcs1-4096-sha256',
];
const signerAlgorithms = [
  'ecdsa-P-256-sha256',
  'ecdsa-P-384-sha384',
  'ecdsa-P-521-sha512',
  'ecdsa-brainpoolP256r1-sha256',
  'ecdsa-brainpoolP384r1-sha384',
  'ecdsa-brainpoolP512r1-sha512',
  'rsassa-pss-3072-sha256',
  'rsassa-pkcs1-3072-sha256',
];

/** The recommendation of RSASSA-PSS is remarked upon, and nothing else. */
function remarksOf(cscaAlgorithm: string): readonly string[] {
  return cscaAlgorithm.includes('pkcs1') ? ['C-ALG-PKCS1'] : [];
}

function signerKinds(): readonly Exclude<CertificateKind, 'csca' | 'csca-link'>[] {
  return certificateKinds.filter((kind) => kind !== 'csca' && kind !== 'csca-link');
}

describe('clean certificates', () => {
  it.each(cscaAlgorithms)('a CSCA with %s, and its link', (algorithm) => {
    const key = keyFor(algorithm, 'csca');
    const issuer = issuerOf(key);
    const root = cscaParts(key);
    const link = linkParts(issuer, keyFor('ecdsa-P-384-sha384', 'new csca'));
    const inputs = { issuer: decodeCertificate(issuer.certificate) };
    expect(codes(lint(root, inputsOf('csca'), undefined))).toEqual(remarksOf(algorithm));
    const report = lint(link, { ...inputsOf('csca-link'), ...inputs }, undefined);
    expect({ codes: codes(report), verdict: report.verdict }).toEqual({
      codes: remarksOf(algorithm),
      verdict: 'CLEAN',
    });
  });

  it.each(signerKinds())('%s under each algorithm of CSCA and signer', (kind) => {
    const isMinimal = ['lds2-signer', 'vds-signer', 'vds-nc-signer'].includes(kind);
    for (const cscaAlgorithm of [
      'ecdsa-P-384-sha384',
      'rsassa-pss-4096-sha512',
      'rsassa-pkcs1-4096-sha256',
    ]) {
      const issuer = issuerOf(keyFor(cscaAlgorithm, 'csca'));
      for (const algorithm of signerAlgorithms.filter((name) => !isMinimal || name.startsWith('ecdsa'))) {
        const parts = signerParts(kind, issuer, keyFor(algorithm, 'signer'));
        const options = { ...inputsOf(kind), issuer: decodeCertificate(issuer.certificate) };
        const report = lint(parts, options, undefined);
        expect({ algorithm, codes: codes(report) }).toEqual({ algorithm, codes: remarksOf(cscaAlgorithm) });
        expect(report.notApplicable).toEqual([]);
      }
    }
  });

  it.each(certificateKinds)('%s is recognised for what it is', (kind) => {
    const parts = cleanParts(kind);
    const { kind: _, ...inputs } = inputsOf(kind);
    expect(lint(parts, inputs, undefined)).toMatchObject({ kind, verdict: 'CLEAN' });
    expect(lint(parts, inputs, true)).toMatchObject({ kind, verdict: 'CLEAN' });
  });

  it.each(certificateKinds)('%s is clean before it is signed, and the signature is left unjudged', (kind) => {
    const report = lint(cleanParts(kind), inputsOf(kind), true);
    expect(report).toMatchObject({ verdict: 'CLEAN', findings: [] });
    expect(report.notApplicable.map(({ code }) => code)).toEqual([
      'C-DER-TRAILING',
      'C-ALG-SAME',
      'C-SIG',
      'C-SIG-DIGESTINFO',
      'C-SIG-VALUE',
    ]);
  });

  it.each(['csca', 'csca-link', 'document-signer'] as const)('%s of the 6th edition', (kind) => {
    const parts = cleanParts(kind);
    const gone = ['2.5.29.17', '2.5.29.18', '2.5.29.16', '2.5.29.31', '2.23.136.1.1.6.2'];
    const extensions = parts.extensions?.filter(({ oid }) => !gone.includes(oid));
    const report = lint({ ...parts, extensions }, { ...inputsOf(kind), edition: 6 }, undefined);
    expect(report).toMatchObject({ edition: 6, verdict: 'CLEAN', findings: [] });
  });
});

describe('lintCertificate', () => {
  it('says which rules it could not judge and why', () => {
    const { kind } = inputsOf('document-signer');
    const parts = cleanParts('document-signer');
    const report = lintCertificate(signParts(encodeTbs(parts), parts), { kind });
    expect(report.notApplicable).toContainEqual({ code: 'C-SIG', reason: 'not given: issuer' });
    expect(report.notApplicable).toContainEqual({
      code: 'C-VAL-ISSUER-PERIOD',
      reason: 'not given: issuer, at',
    });
  });

  it('leaves out what the caller answers for', () => {
    const parts = cleanParts('document-signer');
    const wrong = { ...parts, sign: () => parts.sign(Uint8Array.of(0)) };
    const options = { ...inputsOf('document-signer'), leftOut: ['C-SIG'] };
    const report = lint(wrong, options, undefined);
    expect(report.verdict).toBe('CLEAN');
    expect(report.notApplicable).toEqual([{ code: 'C-SIG', reason: 'left out by the caller' }]);
  });

  it('answers UNREADABLE, never with a throw, on what is no certificate', () => {
    for (const bytes of [new Uint8Array(), Uint8Array.of(0x30), Uint8Array.of(0x30, 0x80, 0x30, 0x80)]) {
      expect(lintCertificate(bytes).verdict).toBe('UNREADABLE');
      expect(lintToBeSigned(bytes).verdict).toBe('UNREADABLE');
    }
  });

  it('never throws, whatever octet is changed', () => {
    const parts = cleanParts('document-signer');
    const bytes = signParts(encodeTbs(parts), parts);
    const options = inputsOf('document-signer');
    for (let position = 0; position < bytes.length; position += 1) {
      const copy = Uint8Array.from(bytes);
      copy[position] = (copy[position] ?? 0) ^ (1 << (position % 8));
      expect(() => lintCertificate(copy, options)).not.toThrow();
    }
  });

  it('has the PKD codes of CSCA and Document Signer', () => {
    const report = (rule: string): string | undefined => {
      const fixture = certificateFixtures.find((one) => one.rule === rule);
      return fixture && bad(fixture).findings.find(({ code }) => code === rule)?.pkdCode;
    };
    expect(report('C-CDP-PRESENT')).toBe('ERR:DSC.CDP.14');
    expect(report('C-BC-ABSENT')).toBe('ERR:DSC.BAC.15');
    expect(report('C-AKI-ROOT')).toBe('ERR:CSCA.AKI.39');
    expect(report('C-KU-BITS')).toBe('ERR:DSC.BKU.21');
    expect(report('C-EKU-ANY')).toBeUndefined();
  });
});
