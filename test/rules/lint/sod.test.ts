import { describe, expect, it } from 'vitest';
import { encodeDigestAlgorithm } from '../../../src/formats/algorithms/encode-algorithm-identifier.ts';
import {
  integer,
  nullValue,
  octetString,
  printableString,
  sequence,
  time,
  tlv,
} from '../../../src/formats/der/writer.ts';
import { decodeEfCom } from '../../../src/formats/lds/ef-com.ts';
import { decodeEfSod } from '../../../src/formats/lds/ef-sod.ts';
import { decodeCertificate } from '../../../src/formats/x509/certificate.ts';
import { decodeCrl } from '../../../src/formats/x509/crl.ts';
import {
  allRules,
  type LintReport,
  lintCertificate,
  lintSod,
  type SodLintOptions,
} from '../../../src/rules/lint/index.ts';
import {
  alternativeName,
  at,
  changed,
  contactUri,
  crlParts,
  cscaKey,
  encodeTbsCrl,
  inputsOf,
  instant,
  issuerOf,
  keyFor,
  revoked,
  signParts,
} from '../../support/lint-parts.ts';
import {
  cardAccess,
  chip,
  csca,
  dg14WithoutAa,
  dg14WithoutPace,
  efComBytes,
  encodeSignedParts,
  hashesOf,
  ldsContent,
  type ObjectSigner,
  signedAt,
  type SignedDataParts,
  signerOf,
  sodParts,
  subjectKeyIdentifierOf,
} from '../../support/lint-signed-parts.ts';
import { dg1 } from '../../support/software-pki.ts';
import { type ObjectFixture, sharedFixtures } from './signed-data-fixtures.ts';

function codes(report: LintReport): readonly string[] {
  return [...new Set(report.findings.map(({ code }) => code))].toSorted();
}

function crlOf(...serialNumbers: readonly bigint[]): SodLintOptions['crl'] {
  const parts = crlParts(issuerOf(cscaKey()));
  const entries = serialNumbers.map((serial) => revoked(serial, at('2026-02-10')));
  const list = { ...parts, revokedCertificates: entries.length === 0 ? [] : [sequence(...entries)] };
  return decodeCrl(signParts(encodeTbsCrl(list), list));
}

function sodInputs(): SodLintOptions {
  return {
    edition: 8,
    at: signedAt,
    dataGroups: chip(),
    efCom: decodeEfCom(efComBytes()),
    cardAccess,
    mrzCode: 'UTO',
    crl: crlOf(17n),
  };
}

const signer = (): ObjectSigner => signerOf('document-signer');
const withLds = (change: Parameters<typeof ldsContent>[0]) => (parts: SignedDataParts) => ({
  ...parts,
  eContent: ldsContent(change),
});
/** A chip on which some files are others, and the EF.SOD of the clean chip. */
const withFiles = (...files: readonly (readonly [number, Uint8Array])[]): SodLintOptions => ({
  dataGroups: new Map([...chip(), ...files]),
});
/** The EF.SOD of a chip on which some files are others. */
const signedFiles = (...files: readonly (readonly [number, Uint8Array])[]) => {
  return (): SignedDataParts => sodParts(signer(), new Map([...chip(), ...files]));
};
const otherDg1 = (change: (mrz: string) => string): readonly [number, Uint8Array] => {
  const mrz = change(Buffer.from(dg1.subarray(5)).toString('latin1'));
  return [1, Uint8Array.of(...dg1.subarray(0, 5), ...Buffer.from(mrz))];
};

const identityCard = otherDg1((mrz) => mrz.replace(/^P</, 'I<'));
const italian = otherDg1((mrz) => mrz.replace(/^P<UTO/, 'P<ITA'));
const longValid = otherDg1((mrz) => mrz.replace('3604155', '3704154'));
/** Of Utopia by its countryName, of Italy by its subjectAltName. */
function signerOfItaly(): ObjectSigner {
  return signerOf('document-signer', (parts) =>
    changed(parts, 'subjectAltName', { value: alternativeName('ITA', contactUri) }),
  );
}

const notSpki = tlv(0x6f, integer(1));
const [firstHash = [1, new Uint8Array()], ...otherHashes] = hashesOf(chip());

const fixtures: readonly ObjectFixture<SodLintOptions>[] = [
  ...sharedFixtures('S'),
  { rule: 'S-TAG77', breaks: (parts) => ({ ...parts, wrap: (contentInfo) => contentInfo }) },
  {
    rule: 'S-SID-ISSUER',
    breaks: (parts) => ({ ...parts, signerVersion: 3, sid: subjectKeyIdentifierOf(signer()) }),
  },
  {
    rule: 'S-DSC',
    breaks: (parts) => ({ ...parts, certificates: [] }),
  },
  {
    rule: 'S-DSC-ALONE',
    breaks: (parts) => ({
      ...parts,
      certificates: [...parts.certificates, csca().certificate].toSorted((a, b) => Buffer.compare(a, b)),
    }),
  },
  {
    rule: 'S-SID',
    breaks: (parts) => ({
      ...parts,
      sid: sequence(decodeCertificate(signer().certificate).issuer.bytes, integer(1)),
    }),
  },
  {
    rule: 'S-TIME-NOW',
    breaks: (parts) => ({ ...parts, attributes: { signingTime: time(instant('2026-03-05')) } }),
  },
  {
    rule: 'S-REV',
    badInputs: () => ({ crl: crlOf(decodeCertificate(signer().certificate).serialNumber) }),
  },
  {
    rule: 'S-DER-CONTENT',
    breaks: (parts) => ({ ...parts, eContent: Uint8Array.of(0x30, 0x82, 0, ...parts.eContent.subarray(2)) }),
  },
  {
    rule: 'S-LDS-SYNTAX',
    breaks: (parts) => ({ ...parts, eContent: octetString(parts.eContent) }),
  },
  { rule: 'S-LDSV-KNOWN', breaks: withLds({ version: 2 }) },
  { rule: 'S-LDSV-V1', breaks: withLds({ version: 0, versionInfo: [] }) },
  { rule: 'S-LDSV-INFO', breaks: withLds({ versionInfo: [] }) },
  {
    rule: 'S-LDSV-FORM',
    inputs: () => ({ efCom: undefined }),
    breaks: withLds({ versionInfo: [sequence(printableString('1.8'), printableString('040000'))] }),
  },
  {
    rule: 'S-LDSV-COM',
    badInputs: () => ({ efCom: decodeEfCom(efComBytes(undefined, '0107')) }),
  },
  {
    rule: 'S-HASH-KNOWN',
    breaks: withLds({
      hashAlgorithm: sequence(Uint8Array.of(6, 5, 0x2b, 0x0e, 3, 2, 0x1a)),
      hashes: [...hashesOf(chip())].map(([number, hash]) => [number, hash.subarray(0, 20)]),
    }),
    also: [['S-HASH', 'S-HASH-SAME'], 'another digest gives other hashes, and the signature has its own'],
  },
  {
    rule: 'S-NULL-HASH',
    breaks: withLds({ hashAlgorithm: sequence(encodeDigestAlgorithm('SHA-256').subarray(2), nullValue()) }),
  },
  {
    rule: 'S-HASH-SAME',
    breaks: withLds({
      hashAlgorithm: encodeDigestAlgorithm('SHA-512'),
      hashes: [...hashesOf(chip(), 'SHA-512')],
    }),
  },
  {
    rule: 'S-DG-MANDATORY',
    inputs: () => ({ dataGroups: undefined, efCom: undefined }),
    breaks: withLds({ hashes: otherHashes }),
  },
  {
    rule: 'S-DG-RANGE',
    inputs: () => ({ dataGroups: undefined, efCom: undefined }),
    breaks: withLds({ hashes: [...hashesOf(chip()), [17, firstHash[1]]] }),
  },
  {
    rule: 'S-DG-TWICE',
    breaks: withLds({ hashes: [firstHash, firstHash, ...otherHashes] }),
  },
  {
    rule: 'S-DG-LENGTH',
    breaks: withLds({ hashes: [[1, firstHash[1].subarray(0, 20)], ...otherHashes] }),
  },
  {
    rule: 'S-DG-ORDER',
    breaks: withLds({ hashes: [...otherHashes, firstHash] }),
  },
  { rule: 'S-DG-COM', badInputs: () => ({ efCom: decodeEfCom(efComBytes('61756e')) }) },
  {
    rule: 'S-DG-DELIVERED',
    badInputs: () => ({ dataGroups: new Map([...chip()].filter(([number]) => number !== 2)) }),
  },
  { rule: 'S-HASH', badInputs: () => withFiles([2, Uint8Array.of(0x75, 1, 0)]) },
  {
    rule: 'S-DTL',
    breaks: signedFiles(identityCard),
    badInputs: () => withFiles(identityCard),
  },
  {
    rule: 'S-CC-MRZ',
    badInputs: () => ({ mrzCode: 'ITA' }),
  },
  { rule: 'S-CC-SAN', breaks: () => sodParts(signerOfItaly()) },
  {
    rule: 'S-CC-COUNTRY',
    inputs: () => ({ mrzCode: undefined }),
    breaks: () => sodParts(signerOfItaly(), new Map([...chip(), italian])),
    badInputs: () => withFiles(italian),
  },
  {
    rule: 'S-VAL',
    breaks: signedFiles(longValid),
    badInputs: () => withFiles(longValid),
  },
  {
    rule: 'S-DG14-SYNTAX',
    inputs: () => ({ cardAccess: undefined }),
    breaks: signedFiles([14, tlv(0x6e, integer(1))]),
    badInputs: () => withFiles([14, tlv(0x6e, integer(1))]),
  },
  {
    rule: 'S-DG14-CARDACCESS',
    breaks: signedFiles([14, dg14WithoutPace]),
    badInputs: () => withFiles([14, dg14WithoutPace]),
  },
  {
    rule: 'S-DG14-AA',
    breaks: signedFiles([14, dg14WithoutAa]),
    badInputs: () => withFiles([14, dg14WithoutAa]),
  },
  { rule: 'S-DG15', breaks: signedFiles([15, notSpki]), badInputs: () => withFiles([15, notSpki]) },
];

describe('rules about EF.SODs', () => {
  it('have one fixture each', () => {
    const rules = allRules.filter(({ id }) => id.startsWith('S-'));
    expect(fixtures.map(({ rule }) => rule).toSorted()).toEqual(rules.map(({ id }) => id).toSorted());
  });

  describe.each(fixtures)('$rule', (fixture) => {
    const start = fixture.from ?? (() => sodParts());

    it('is judged on a clean EF.SOD and finds nothing', () => {
      const report = lintSod(encodeSignedParts(start()), { ...sodInputs(), ...fixture.inputs?.() });
      expect(report.findings).toEqual([]);
      expect(report.notApplicable.map(({ code }) => code)).not.toContain(fixture.rule);
    });

    it('alone refuses an EF.SOD that breaks it alone', () => {
      const options = { ...sodInputs(), ...fixture.inputs?.(), ...fixture.badInputs?.() };
      const report = lintSod(encodeSignedParts(fixture.breaks?.(start()) ?? start()), options);
      expect(codes(report)).toEqual([fixture.rule, ...(fixture.also?.[0] ?? [])].toSorted());
    });
  });
});

describe('clean EF.SODs', () => {
  it.each([
    'ecdsa-P-256-sha256',
    'ecdsa-P-384-sha384',
    'ecdsa-brainpoolP512r1-sha512',
    'rsassa-pss-3072-sha256',
    'rsassa-pkcs1-3072-sha256',
  ])('signed with %s, and their Document Signers', (algorithm) => {
    const documentSigner = signerOf('document-signer', (parts) => parts, keyFor(algorithm, 'signer'));
    const efSod = encodeSignedParts(sodParts(documentSigner));
    const report = lintSod(efSod, sodInputs());
    expect(report).toMatchObject({ kind: 'ef-sod', verdict: 'CLEAN', findings: [], notApplicable: [] });
    const [dsc] = decodeEfSod(efSod).signedData.certificates;
    expect(dsc && lintCertificate(dsc, inputsOf('document-signer'))).toMatchObject({ verdict: 'CLEAN' });
  });

  it('without data groups, EF.COM and policy: what needs them is not judged', () => {
    const report = lintSod(encodeSignedParts(sodParts()));
    expect(report).toMatchObject({ edition: 8, verdict: 'CLEAN', findings: [] });
    expect(report.notApplicable.map(({ code }) => code)).toContain('S-HASH');
  });

  it('of LDS 1.7 are clean too, with a remark', () => {
    const legacy = withLds({ version: 0, versionInfo: [] })(sodParts());
    const report = lintSod(encodeSignedParts(legacy), sodInputs());
    expect({ verdict: report.verdict, codes: codes(report) }).toEqual({
      verdict: 'CLEAN',
      codes: ['S-LDSV-V1'],
    });
  });
});

describe('lintSod', () => {
  it('takes an EF.SOD that was decoded before', () => {
    const efSod = encodeSignedParts(sodParts());
    expect(lintSod(decodeEfSod(efSod), sodInputs())).toEqual(lintSod(efSod, sodInputs()));
  });

  it('answers UNREADABLE on what is no EF.SOD', () => {
    expect(lintSod(Uint8Array.of(0x77, 0)).verdict).toBe('UNREADABLE');
    expect(lintSod(new Uint8Array()).verdict).toBe('UNREADABLE');
  });

  it('never throws, whatever octet is changed', () => {
    const efSod = encodeSignedParts(sodParts());
    const options = { ...sodInputs(), leftOut: ['S-SIG'] };
    for (let position = 0; position < efSod.length; position += 1) {
      const copy = Uint8Array.from(efSod);
      copy[position] = (copy[position] ?? 0) ^ (1 << (position % 8));
      expect(() => lintSod(copy, options)).not.toThrow();
    }
  });
});
