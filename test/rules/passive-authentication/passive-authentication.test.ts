import { beforeAll, describe, expect, it } from 'vitest';
import { integer, printableString, sequence, set } from '../../../src/formats/der/writer.ts';
import { decodeCertificate } from '../../../src/formats/x509/certificate.ts';
import { decodeCrl } from '../../../src/formats/x509/crl.ts';
import {
  buildTrustStore,
  passiveAuthentication,
  type PassiveAuthenticationInput,
  type TrustStore,
} from '../../../src/rules/passive-authentication/index.ts';
import {
  caExtensions,
  dg2,
  documentSignerExtensions,
  type IssuedCertificate,
  issue,
  masterListSignerExtensions,
  noon,
  signCrl,
  signDocument,
  softwareKey,
  type Utopia,
  utopia,
} from '../../support/software-pki.ts';

let country: Utopia;
let trust: TrustStore;
let usual: PassiveAuthenticationInput;

beforeAll(() => {
  country = utopia('ecdsa-brainpoolP256r1-sha256');
  trust = buildTrustStore([decodeCertificate(country.csca.bytes)]);
  const crls = [decodeCrl(signCrl(country.csca, []))];
  const { efSod, dataGroups } = country;
  usual = { efSod, dataGroups, trust, crls, at: noon('2026-03-01'), strict: true, requireCrl: true };
});

/** Verdict and codes of what is more than a remark. */
function judge(changes: Partial<PassiveAuthenticationInput>) {
  const { verdict, findings } = passiveAuthentication({ ...usual, ...changes });
  const codes = findings.filter((finding) => finding.severity !== 'info').map((finding) => finding.code);
  return { verdict, codes };
}

const trusted = { verdict: 'TRUSTED', codes: [] };

describe('Passive Authentication (Doc 9303-11 §5.1.1)', () => {
  it('trusts a document of our own without any finding, strictly', () => {
    const report = passiveAuthentication(usual);
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ kind: 'ef-sod', verdict: 'TRUSTED' });
    expect(report.dsc?.bytes).toEqual(country.dsc.bytes);
    expect(report.csca?.certificate.fingerprint).toBe(decodeCertificate(country.csca.bytes).fingerprint);
    expect(report.steps.filter((step) => step.outcome === 'skipped').map((step) => step.name)).toEqual([
      'EF.COM',
      'Active Authentication key',
    ]);
  });

  it.each(['ecdsa-P-384-sha384', 'rsassa-pss-2048-sha256', 'rsassa-pkcs1-2048-sha512', 'ecdsa-P-521-sha512'])(
    'trusts documents signed with %s',
    (algorithm) => {
      const other = utopia(algorithm);
      const anchors = buildTrustStore([decodeCertificate(other.csca.bytes)]);
      const crls = [decodeCrl(signCrl(other.csca, []))];
      expect(judge({ efSod: other.efSod, dataGroups: other.dataGroups, trust: anchors, crls })).toEqual(
        trusted,
      );
    },
  );

  it('never trusts a document with any one bit of it changed', () => {
    const { efSod } = country;
    const believed: number[] = [];
    for (let at = 0; at < efSod.length; at += 1) {
      const changed = Uint8Array.from(efSod);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const { verdict } = passiveAuthentication({ ...usual, efSod: changed });
      if (verdict.startsWith('TRUSTED')) believed.push(at);
    }
    // Nothing else in EF.SOD may change either, but these parts say nothing that anyone relies on.
    expect(believed.every((at) => isUnsigned(efSod, at))).toBe(true);
  });
});

/** Versions, digestAlgorithms of SignedData, and other octets outside of what any signature covers. */
function isUnsigned(efSod: Uint8Array, at: number): boolean {
  const report = passiveAuthentication({ ...usual, efSod });
  const covered = [
    report.dsc?.bytes,
    report.signedData?.eContent,
    report.signedData?.signerInfos[0]?.signedAttributes?.received.subarray(1),
    report.signedData?.signerInfos[0]?.signature,
  ];
  return covered.every((part) => {
    const start = part === undefined ? -1 : Buffer.from(efSod).indexOf(part);
    return start < 0 || at < start || at >= start + (part?.length ?? 0);
  });
}

describe('the document (steps 14 to 17)', () => {
  it('a data group with another content is found', () => {
    const changed = new Map(country.dataGroups).set(2, Uint8Array.of(...dg2.subarray(0, -1), 0));
    expect(judge({ dataGroups: changed })).toEqual({ verdict: 'INVALID', codes: ['DG_HASH'] });
  });

  it('octets after the end of a data group are the reader’s doing, and strictly are not there', () => {
    const padded = new Map(country.dataGroups).set(2, Uint8Array.of(...dg2, 0, 0));
    const warned = { verdict: 'TRUSTED_WITH_WARNINGS', codes: ['DG_PADDING'] };
    expect(judge({ dataGroups: padded, strict: false })).toEqual(warned);
    expect(judge({ dataGroups: padded })).toEqual({ verdict: 'INVALID', codes: ['DG_HASH'] });
  });

  it('a data group that is not in the security object is found', () => {
    const more = new Map(country.dataGroups).set(13, Uint8Array.of(0x6d, 0));
    expect(judge({ dataGroups: more })).toEqual({ verdict: 'INVALID', codes: ['DG_NOT_SIGNED'] });
  });

  it('a data group that was not read is only remarked upon', () => {
    const report = passiveAuthentication({ ...usual, dataGroups: new Map() });
    expect(report.verdict).toBe('TRUSTED');
    expect(report.findings).toMatchObject([{ code: 'DG_NOT_CHECKED', severity: 'info' }]);
  });

  it.each([
    ['lists a data group more', '6015 5f010430313038 5f3606303430303030 5c0361756c'],
    ['lists a data group less', '6013 5f010430313038 5f3606303430303030 5c0161'],
    ['has another LDS version', '6014 5f010430313037 5f3606303430303030 5c026175'],
    ['is no EF.COM', '6100'],
  ])('EF.COM that %s is a warning', (_, text) => {
    const efCom = Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
    expect(judge({ efCom })).toEqual({ verdict: 'TRUSTED_WITH_WARNINGS', codes: ['COM_SOD'] });
  });

  it('EF.COM that agrees is no finding', () => {
    const efCom = Uint8Array.from(Buffer.from('60145f0104303130385f36063034303030305c026175', 'hex'));
    expect(judge({ efCom })).toEqual(trusted);
  });
});

describe('the Document Signer (steps 5 to 9)', () => {
  const signer = (changes: Partial<Parameters<typeof issue>[0]> = {}): IssuedCertificate =>
    issue({
      key: softwareKey('ecdsa-P-256-sha256'),
      commonName: 'DS 2',
      issuer: country.csca,
      serialNumber: 9n,
      extensions: documentSignerExtensions,
      ...changes,
    });
  const signedBy = (dsc: IssuedCertificate) => ({ efSod: signDocument(country.csca, dsc) });

  it('of an unknown CSCA is undetermined, however it calls itself', () => {
    const impostor = utopia('ecdsa-P-256-sha256');
    expect(judge({ efSod: impostor.efSod })).toEqual({
      verdict: 'UNDETERMINED',
      codes: ['CSCA_NOT_FOUND'],
    });
  });

  it('whose signature the named CSCA key did not make is invalid', () => {
    const dsc = signer();
    const forged = Uint8Array.from(dsc.bytes);
    forged[forged.length - 1] = (forged[forged.length - 1] ?? 0) ^ 1;
    const { verdict, codes } = judge(signedBy({ ...dsc, bytes: forged }));
    expect(verdict).toBe('INVALID');
    expect(codes).toContain('DSC_SIGNATURE');
  });

  it('out of its validity is told apart from one that is not yet valid', () => {
    const at = noon('2037-06-01');
    const old = judge({ at, requireCrl: false });
    expect(old.verdict).toBe('TRUSTED_WITH_WARNINGS');
    expect(old.codes).toEqual(['DSC_EXPIRED', 'CSCA_EXPIRED', 'CRL_STALE']);
    const early = judge({ at: noon('2024-06-01'), requireCrl: false });
    expect(early.verdict).toBe('UNDETERMINED');
    expect(early.codes).toContain('DSC_NOT_YET_VALID');
  });

  it('that was not valid when the document was signed is warned about', () => {
    const dsc = signer({ notBefore: noon('2026-02-20') });
    expect(judge(signedBy(dsc)).codes).toEqual(['DSC_NOT_VALID_AT_ISSUE']);
  });

  it('that signs master lists must not sign documents', () => {
    const dsc = signer({ extensions: masterListSignerExtensions });
    expect(judge(signedBy(dsc))).toEqual({ verdict: 'INVALID', codes: ['DSC_USAGE'] });
  });

  it('must not be a CA', () => {
    const { verdict, codes } = judge(signedBy(signer({ extensions: caExtensions })));
    expect(verdict).toBe('INVALID');
    expect(new Set(codes)).toEqual(new Set(['DSC_USAGE']));
  });

  it('with an unknown critical extension is invalid (RFC 5280 §4.2)', () => {
    const critical = { type: 'nameConstraints', critical: true, value: Uint8Array.of(0x30, 0) } as const;
    const dsc = signer({ extensions: [...documentSignerExtensions, critical] });
    expect(judge(signedBy(dsc))).toEqual({ verdict: 'INVALID', codes: ['DSC_USAGE'] });
  });

  it('for other document types, of another country in the MRZ or outliving its key is warned about', () => {
    const extensions = documentSignerExtensions.filter(({ type }) => type === 'keyUsage');
    const wrongType = { type: 'documentTypeList', critical: false, value: documentTypes('ID') } as const;
    expect(judge(signedBy(signer({ extensions: [...extensions, wrongType] }))).codes).toEqual(['DOCTYPE']);
    const short = signer({ extensions, notAfter: noon('2030-01-01') });
    expect(judge(signedBy(short)).codes).toEqual(['VALIDITY']);
    const foreign = signer({ extensions, country: 'DE' });
    expect(judge(signedBy(foreign)).codes).toEqual(['COUNTRY']);
  });

  it('that is not embedded is found among the trust material, or else not', () => {
    const dsc = signer();
    const efSod = signDocument(country.csca, { ...dsc, bytes: country.dsc.bytes });
    const anchors = [country.csca, dsc].map(({ bytes }) => decodeCertificate(bytes));
    expect(judge({ efSod, trust: buildTrustStore(anchors) })).toEqual(trusted);
    // The only certificate embedded is taken for the signer; its key then does not fit.
    expect(judge({ efSod })).toEqual({ verdict: 'INVALID', codes: ['DSC_SID', 'SOD_SIGNATURE'] });
  });
});

function documentTypes(type: string): Uint8Array {
  return sequence(integer(0), set(printableString(type)));
}

describe('revocation (step 10, Doc 9303-12 §6.1.3)', () => {
  const crl = (...args: Parameters<typeof signCrl>) => [decodeCrl(signCrl(...args))];
  const revocationDate = noon('2026-02-10');

  it('of the Document Signer or of its CSCA is invalid', () => {
    expect(judge({ crls: crl(country.csca, [{ serialNumber: 2n, revocationDate }]) })).toEqual({
      verdict: 'INVALID',
      codes: ['DSC_REVOKED'],
    });
    expect(judge({ crls: crl(country.csca, [{ serialNumber: 1n, revocationDate }]) })).toEqual({
      verdict: 'INVALID',
      codes: ['CSCA_REVOKED'],
    });
  });

  it('that cannot be checked is a warning, or undetermined where a CRL is required', () => {
    const none = ['CRL_MISSING'];
    expect(judge({ crls: [], requireCrl: false })).toEqual({ verdict: 'TRUSTED_WITH_WARNINGS', codes: none });
    expect(judge({ crls: [] })).toEqual({ verdict: 'UNDETERMINED', codes: none });
    const stale = crl(country.csca, [], { nextUpdate: noon('2026-02-20') });
    expect(judge({ crls: stale })).toEqual({ verdict: 'UNDETERMINED', codes: ['CRL_STALE'] });
    const future = crl(country.csca, [], { thisUpdate: noon('2026-04-01') });
    expect(judge({ crls: future })).toEqual({ verdict: 'UNDETERMINED', codes: none });
  });

  it('by a CRL of someone else does not count', () => {
    const impostor = utopia('ecdsa-P-256-sha256').csca;
    const forged = crl(impostor, [{ serialNumber: 2n, revocationDate }]);
    const { verdict, codes } = judge({ crls: forged });
    expect(verdict).toBe('UNDETERMINED');
    expect(codes).toEqual(['CRL_SIGNATURE', 'CRL_MISSING']);
  });

  it('is on the CRL of the newest key, whichever key issued the certificate (Doc 9303-12 §4.1.5)', () => {
    const next = issue({
      key: softwareKey('ecdsa-P-384-sha384'),
      commonName: 'CSCA Utopia',
      serialNumber: 10n,
      extensions: caExtensions,
    });
    const both = buildTrustStore([country.csca, next].map(({ bytes }) => decodeCertificate(bytes)));
    const crls = crl(next, [{ serialNumber: 2n, revocationDate }]);
    expect(judge({ trust: both, crls })).toEqual({ verdict: 'INVALID', codes: ['DSC_REVOKED'] });
  });
});
