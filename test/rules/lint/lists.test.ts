import { describe, expect, it } from 'vitest';
import { contextPrimitive, integer, sequence, set } from '../../../src/formats/der/writer.ts';
import { encodeCscaMasterList } from '../../../src/formats/masterlist/encode-master-list.ts';
import { oids } from '../../../src/formats/oids.ts';
import { decodeCertificate } from '../../../src/formats/x509/certificate.ts';
import {
  allRules,
  type LintReport,
  lintDeviationList,
  lintMasterList,
  type MasterListLintOptions,
} from '../../../src/rules/lint/index.ts';
import {
  cscaKey,
  encodeTbs,
  issuerOf,
  keyFor,
  linkParts,
  newCscaKey,
  signParts,
} from '../../support/lint-parts.ts';
import {
  csca,
  description,
  deviationListContent,
  deviationListParts,
  documentNumbers,
  encodeSignedParts,
  issuancePeriod,
  masterListParts,
  signedAt,
  type SignedDataParts,
  signerOf,
} from '../../support/lint-signed-parts.ts';
import { listFixtures, type ObjectFixture, sharedFixtures } from './signed-data-fixtures.ts';

function codes(report: LintReport): readonly string[] {
  return [...new Set(report.findings.map(({ code }) => code))].toSorted();
}

function link(): Uint8Array {
  const parts = linkParts(issuerOf(cscaKey()), newCscaKey());
  return signParts(encodeTbs(parts), parts);
}

function masterListInputs(): MasterListLintOptions {
  return { edition: 8, at: signedAt, own: [decodeCertificate(csca().certificate)] };
}

const withContent = (eContent: Uint8Array) => (parts: SignedDataParts) => ({ ...parts, eContent });

const masterListFixtures: readonly ObjectFixture<MasterListLintOptions>[] = [
  ...sharedFixtures('M').map((fixture) =>
    // Signed by another CSCA, the list does not have the one of the inputs.
    fixture.rule === 'M-NOT-CSCA' ? { ...fixture, badInputs: () => ({ own: undefined }) } : fixture,
  ),
  ...listFixtures('M'),
  {
    rule: 'M-LIST-VERSION',
    breaks: (parts) => ({ ...parts, eContent: sequence(integer(1), set(csca().certificate)) }),
  },
  {
    rule: 'M-DER-CONTENT',
    breaks: (parts) => ({ ...parts, eContent: Uint8Array.of(0x30, 0x83, 0, ...parts.eContent.subarray(2)) }),
  },
  {
    rule: 'M-SETORDER-CERTLIST',
    breaks: (parts) => {
      const [one, two] = [csca().certificate, link()].toSorted((a, b) => Buffer.compare(b, a));
      return { ...parts, eContent: sequence(integer(0), set(one ?? link(), two ?? link())) };
    },
  },
  {
    rule: 'M-CSCA-IN-LIST',
    inputs: () => ({ own: undefined }),
    breaks: (parts) => ({ ...parts, eContent: encodeCscaMasterList([link()]) }),
  },
  {
    rule: 'M-ONLYCA',
    breaks: (parts) => ({
      ...parts,
      eContent: encodeCscaMasterList([csca().certificate, signerOf('document-signer').certificate]),
    }),
  },
  {
    rule: 'M-DUP',
    breaks: (parts) => ({
      ...parts,
      eContent: encodeCscaMasterList([csca().certificate, csca().certificate]),
    }),
  },
  {
    rule: 'M-READABLE',
    breaks: (parts) => ({ ...parts, eContent: encodeCscaMasterList([csca().certificate, sequence()]) }),
  },
  {
    rule: 'M-SELF',
    badInputs: () => ({ own: [decodeCertificate(csca().certificate), decodeCertificate(link())] }),
  },
];

const type = (arcs: string): string => `${oids.deviationList}.${arcs}`;

const deviationListFixtures: readonly ObjectFixture[] = [
  ...sharedFixtures('D'),
  ...listFixtures('D'),
  { rule: 'D-LIST-VERSION', breaks: withContent(deviationListContent({ version: 1 })) },
  {
    rule: 'D-DER-CONTENT',
    breaks: (parts) => ({ ...parts, eContent: Uint8Array.of(0x30, 0x82, 0, ...parts.eContent.subarray(1)) }),
  },
  {
    rule: 'D-SETORDER-NUMBERS',
    breaks: withContent(deviationListContent({ documents: [documentNumbers('AB0000002', 'AB0000001')] })),
  },
  { rule: 'D-EMPTY', breaks: withContent(deviationListContent({ descriptions: [] })) },
  { rule: 'D-CRITERIA', breaks: withContent(deviationListContent({ documents: [] })) },
  { rule: 'D-TYPE', breaks: withContent(deviationListContent({ descriptions: [description(type('9'))] })) },
  {
    rule: 'D-PARAMETER',
    breaks: withContent(deviationListContent({ descriptions: [description(type('2.2'), integer(17))] })),
  },
  {
    rule: 'D-PERIOD',
    breaks: withContent(
      deviationListContent({ documents: [issuancePeriod('20180205000000Z', '20171001000000Z')] }),
    ),
  },
  {
    rule: 'D-DOCTYPE',
    breaks: withContent(deviationListContent({ documents: [contextPrimitive(0, Buffer.from('P'))] })),
  },
  {
    rule: 'D-DIGEST',
    breaks: withContent(deviationListContent({ documents: [contextPrimitive(3, new Uint8Array(32))] })),
  },
];

const deviationListInputs = { edition: 8, at: signedAt } as const;

describe.each([
  ['M', masterListFixtures, masterListParts, lintMasterList, masterListInputs],
  ['D', deviationListFixtures, deviationListParts, lintDeviationList, () => deviationListInputs],
] as const)('rules about lists: %s', (prefix, fixtures, clean, lint, inputs) => {
  it('have one fixture each', () => {
    const rules = allRules.filter(({ id }) => id.startsWith(`${prefix}-`));
    expect(fixtures.map(({ rule }) => rule).toSorted()).toEqual(rules.map(({ id }) => id).toSorted());
  });

  describe.each<ObjectFixture<MasterListLintOptions>>(fixtures)('$rule', (fixture) => {
    const start = fixture.from ?? (() => clean());

    it('is judged on a clean list and finds nothing', () => {
      const report = lint(encodeSignedParts(start()), { ...inputs(), ...fixture.inputs?.() });
      expect(report.findings).toEqual([]);
      expect(report.notApplicable.map(({ code }) => code)).not.toContain(fixture.rule);
    });

    it('alone refuses a list that breaks it alone', () => {
      const options = { ...inputs(), ...fixture.inputs?.(), ...fixture.badInputs?.() };
      const report = lint(encodeSignedParts(fixture.breaks?.(start()) ?? start()), options);
      expect(codes(report)).toEqual([fixture.rule, ...(fixture.also?.[0] ?? [])].toSorted());
    });
  });

  it.each(['ecdsa-brainpoolP384r1-sha384', 'rsassa-pss-4096-sha512', 'rsassa-pkcs1-3072-sha256'])(
    'are clean under %s',
    (algorithm) => {
      const kind = prefix === 'M' ? 'master-list-signer' : 'deviation-list-signer';
      const signer = signerOf(kind, (parts) => parts, keyFor(algorithm, 'signer'));
      expect(lint(encodeSignedParts(clean(signer)), inputs())).toMatchObject({
        verdict: 'CLEAN',
        findings: [],
      });
    },
  );

  it('never throw, whatever octet is changed', () => {
    const bytes = encodeSignedParts(clean());
    for (let position = 0; position < bytes.length; position += 1) {
      const copy = Uint8Array.from(bytes);
      copy[position] = (copy[position] ?? 0) ^ (1 << (position % 8));
      expect(() => lint(copy, { ...inputs(), leftOut: [`${prefix}-SIG`] })).not.toThrow();
    }
  });
});
