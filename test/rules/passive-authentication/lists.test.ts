import { describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../../src/formats/x509/certificate.ts';
import {
  buildTrustStore,
  verifyCertificate,
  verifyCrl,
  verifyMasterList,
} from '../../../src/rules/passive-authentication/index.ts';
import {
  caExtensions,
  documentSignerExtensions,
  type IssuedCertificate,
  issue,
  masterListSignerExtensions,
  noon,
  signCrl,
  signMasterList,
  softwareKey,
} from '../../support/software-pki.ts';

const key = () => softwareKey('ecdsa-P-256-sha256');
const csca = issue({ key: key(), commonName: 'CSCA Utopia', extensions: caExtensions });
const mlsc = issue({
  key: key(),
  commonName: 'MLS',
  issuer: csca,
  serialNumber: 3n,
  extensions: masterListSignerExtensions,
});
const documentSigner = (): IssuedCertificate =>
  issue({
    key: key(),
    commonName: 'DS',
    issuer: csca,
    serialNumber: 4n,
    extensions: documentSignerExtensions,
  });
const trust = buildTrustStore([decodeCertificate(csca.bytes)]);
const border = { trust, crls: [], at: noon('2026-03-01'), strict: false };

function judgeList(masterList: Uint8Array, changes: Partial<typeof border> = {}) {
  const { verdict, findings } = verifyMasterList({ ...border, ...changes, masterList });
  return { verdict, codes: findings.map((finding) => finding.code) };
}

describe('master list (Doc 9303-12 §9.1)', () => {
  const list = signMasterList(csca, mlsc, [csca.bytes]);

  it('of a Master List Signer under a pinned CSCA is trusted', () => {
    const report = verifyMasterList({ ...border, masterList: list });
    expect(report.findings.map((finding) => finding.code)).toEqual(['CRL_MISSING']);
    expect(report.masterList?.certificates).toHaveLength(1);
    expect(report.csca?.certificate.subject.commonName).toBe('CSCA Utopia');
  });

  it('that brings its own CSCA is not trusted for it', () => {
    expect(judgeList(list, { trust: buildTrustStore([]) })).toEqual({
      verdict: 'UNDETERMINED',
      codes: ['CSCA_NOT_FOUND'],
    });
  });

  it('signed by a Document Signer is invalid: its key is for documents', () => {
    const dsc = documentSigner();
    const forged = signMasterList(csca, dsc, [csca.bytes]);
    expect(judgeList(forged)).toMatchObject({ verdict: 'INVALID' });
    expect(judgeList(forged).codes).toContain('MLSC_USAGE');
  });

  it('with a Document Signer in it is warned about', () => {
    const dsc = documentSigner();
    expect(judgeList(signMasterList(csca, mlsc, [csca.bytes, dsc.bytes])).codes).toContain(
      'MASTERLIST_CERTIFICATE',
    );
  });

  it('with any one octet of its content changed is invalid', () => {
    const start = Buffer.from(list).indexOf(csca.bytes);
    for (let at = start; at < start + csca.bytes.length; at += 7) {
      const changed = Uint8Array.from(list);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      expect(judgeList(changed).verdict).toMatch(/INVALID|UNREADABLE/);
    }
  });

  it('without a signature is invalid, and what is none is unreadable', () => {
    const content = verifyMasterList({ ...border, masterList: list }).masterList?.signedData.eContent;
    expect(judgeList(content ?? list)).toEqual({ verdict: 'INVALID', codes: ['MASTERLIST_SIGNATURE'] });
    expect(judgeList(Uint8Array.of(0x30, 0))).toEqual({ verdict: 'UNREADABLE', codes: ['MASTERLIST_PARSE'] });
  });
});

describe('certificate', () => {
  const judge = (certificate: IssuedCertificate) => {
    const report = verifyCertificate({ ...border, certificate: certificate.bytes });
    const codes = report.findings.map((finding) => finding.code);
    return { verdict: report.verdict, codes, kind: report.certificateKind };
  };

  it('is told apart by what it is', () => {
    expect(judge(csca)).toMatchObject({ kind: 'CSCA root', verdict: 'TRUSTED_WITH_WARNINGS' });
    expect(judge(mlsc)).toMatchObject({ kind: 'Master List Signer', verdict: 'TRUSTED_WITH_WARNINGS' });
    const dsc = documentSigner();
    expect(judge(dsc)).toMatchObject({ kind: 'Document Signer', codes: ['CRL_MISSING'] });
    const link = issue({ key: key(), commonName: 'CSCA Utopia', issuer: csca, extensions: caExtensions });
    expect(judge(link)).toMatchObject({ kind: 'CSCA link', codes: ['CRL_MISSING'] });
  });

  it('that signs itself and is not among the trusted is undetermined', () => {
    const stranger = issue({ key: key(), commonName: 'CSCA Utopia', extensions: caExtensions });
    expect(judge(stranger)).toMatchObject({ verdict: 'UNDETERMINED', codes: ['CSCA_NOT_FOUND'] });
  });
});

describe('CRL', () => {
  const judge = (crl: Uint8Array) => {
    const report = verifyCrl({ ...border, crl });
    return { verdict: report.verdict, codes: report.findings.map((finding) => finding.code) };
  };

  it('of a trusted CSCA is trusted, a stale one is warned about', () => {
    expect(judge(signCrl(csca, []))).toEqual({ verdict: 'TRUSTED', codes: [] });
    const stale = signCrl(csca, [], { nextUpdate: noon('2026-02-20') });
    expect(judge(stale)).toEqual({ verdict: 'TRUSTED_WITH_WARNINGS', codes: ['CRL_STALE'] });
  });

  it('that was changed is invalid', () => {
    const changed = signCrl(csca, []);
    changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
    expect(judge(changed)).toEqual({ verdict: 'INVALID', codes: ['CRL_SIGNATURE'] });
  });

  it('of a stranger is undetermined', () => {
    const stranger = issue({ key: key(), commonName: 'CSCA', country: 'XX', extensions: caExtensions });
    expect(judge(signCrl(stranger, []))).toEqual({ verdict: 'UNDETERMINED', codes: ['CSCA_NOT_FOUND'] });
  });
});
