import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { decodeEfSod } from '../../../src/formats/lds/ef-sod.ts';
import { decodeMasterList } from '../../../src/formats/masterlist/master-list.ts';
import type { Certificate } from '../../../src/formats/x509/certificate.ts';
import {
  buildTrustStore,
  passiveAuthentication,
  type TrustStore,
  type Verdict,
  verifyCertificate,
  verifyMasterList,
} from '../../../src/rules/passive-authentication/index.ts';
import { corpusCscas, corpusFiles, describeCorpus, readCorpus } from '../../support/corpus.ts';

/** Documents were issued over twenty years; on this day most of them are still valid. */
const at = new Date('2026-08-01T00:00:00Z');

const readme = readFileSync(join(import.meta.dirname, '../../../docs/reader.md'), 'utf8');

type Expected = readonly [file: string, verdict: Verdict, codes: string];

/** Every EF.SOD of the corpus; docs/reader.md says why for each. Codes are those of warnings and errors. */
const documents: readonly Expected[] = [
  ['AT_bp256.sod', 'TRUSTED_WITH_WARNINGS', 'ALG_PARAMETERS CRL_MISSING'],
  ['AU_signingcert-attr.sod', 'TRUSTED_WITH_WARNINGS', 'CRL_MISSING'],
  ['DE_bp384_ldsv1.sod', 'TRUSTED_WITH_WARNINGS', 'ALG_PARAMETERS CRL_MISSING'],
  ['DE_bsi-tr03105-5_pss_specimen.sod', 'UNDETERMINED', 'CSCA_NOT_FOUND DSC_EXPIRED'],
  ['FR_rsa.sod', 'TRUSTED_WITH_WARNINGS', 'CRL_MISSING'],
  ['GB_p256_ldsv1.sod', 'TRUSTED_WITH_WARNINGS', 'CRL_MISSING'],
  ['ID_pss_algprotect.sod', 'UNDETERMINED', 'CSCA_NOT_FOUND DOCUMENT_TYPE_LIST_FORM'],
  ['MY_pss_sid-mismatch.sod', 'TRUSTED_WITH_WARNINGS', 'CRL_MISSING DSC_SID'],
  ['NZ_2017_ber-indefinite.sod', 'TRUSTED_WITH_WARNINGS', 'BER_INDEFINITE_LENGTH CRL_MISSING'],
  ['RU_sha1_p256seed.sod', 'TRUSTED_WITH_WARNINGS', 'CRL_MISSING WEAK_ALG'],
  ['SG_pss_1.sod', 'TRUSTED_WITH_WARNINGS', 'CRL_MISSING'],
  ['US_2021.sod', 'TRUSTED_WITH_WARNINGS', 'CRL_MISSING'],
  [
    'XX_bsi2008_sha1_bp224_specimen.sod',
    'UNDETERMINED',
    'ALG_PARAMETERS CSCA_NOT_FOUND DSC_EXPIRED DSC_PROFILE WEAK_ALG',
  ],
  [
    'mock/mock_p256_no-0x77-tag.cms',
    'UNDETERMINED',
    'CSCA_NOT_FOUND DSC_NOT_VALID_AT_ISSUE DSC_SID EC_NAMED_CURVE SIG_RAW_ECDSA SOD_TLV',
  ],
  [
    'mock/mock_rsa2048_no-0x77-tag.cms',
    'UNDETERMINED',
    'ALG_PARAMETERS CSCA_NOT_FOUND DSC_NOT_VALID_AT_ISSUE DSC_SID SOD_TLV',
  ],
  ['negative/neg_gmrtd_GB_econtenttype-altered.sod', 'INVALID', 'CRL_MISSING SOD_CONTENT_TYPE SOD_SIGNATURE'],
  ['negative/neg_gmrtd_GB_lds-object-malformed.sod', 'INVALID', 'CRL_MISSING LDS_PROFILE SOD_DIGEST'],
  ['negative/neg_pymrtd_content-altered-1.sod', 'INVALID', 'CSCA_NOT_FOUND DSC_EXPIRED SOD_DIGEST'],
  [
    'negative/neg_pymrtd_econtenttype-altered.sod',
    'INVALID',
    'CSCA_NOT_FOUND DSC_EXPIRED SOD_CONTENT_TYPE SOD_DIGEST SOD_SIGNATURE',
  ],
  [
    'negative/neg_pymrtd_lds-version-minus1.sod',
    'INVALID',
    'CSCA_NOT_FOUND DSC_EXPIRED LDS_PROFILE SOD_DIGEST',
  ],
  ['negative/neg_pymrtd_wrong-content-type.sod', 'INVALID', 'SOD_CONTENT_TYPE'],
];

const lists: readonly Expected[] = [
  ['BW_ML_from-ldif.ml', 'TRUSTED_WITH_WARNINGS', 'BER_SET_ORDER CRL_MISSING'],
  ['DE_ML_2024-08-07-07-38-24.ml', 'TRUSTED_WITH_WARNINGS', 'CRL_MISSING MASTERLIST_CERTIFICATE'],
  ['DE_ML_2025-06-25-09-31-57.ml', 'TRUSTED_WITH_WARNINGS', 'CRL_MISSING MASTERLIST_CERTIFICATE'],
  ['DE_ML_2026-01-08-12-20-54.ml', 'TRUSTED_WITH_WARNINGS', 'CRL_MISSING MASTERLIST_CERTIFICATE'],
  ['DE_ML_2026-05-28-08-28-45.ml', 'TRUSTED_WITH_WARNINGS', 'CRL_MISSING MASTERLIST_CERTIFICATE'],
  ['DE_TEST_ML_2021.ml', 'TRUSTED_WITH_WARNINGS', 'ALG_PARAMETERS CRL_MISSING MLSC_EXPIRED WEAK_ALG'],
  ['DE_bare_2020-08-09.bin', 'INVALID', 'MASTERLIST_SIGNATURE'],
  ['DE_bare_2023-01-01.bin', 'INVALID', 'MASTERLIST_SIGNATURE'],
  ['IT_ML_2023-07-31.ml', 'TRUSTED_WITH_WARNINGS', 'CRL_MISSING MASTERLIST_CERTIFICATE MLSC_EXPIRED'],
  ['NL_ML_2025-07-29.ml', 'TRUSTED_WITH_WARNINGS', 'CRL_MISSING'],
  ['NL_ML_2025-12-20.ml', 'TRUSTED_WITH_WARNINGS', 'CRL_MISSING'],
  ['NL_ML_2026-03-11.ml', 'TRUSTED_WITH_WARNINGS', 'CRL_MISSING'],
  ['NL_ML_2026-07-22.ml', 'TRUSTED_WITH_WARNINGS', 'CRL_MISSING'],
  [
    'UN_ICAO_ml_2023-09.ml',
    'TRUSTED_WITH_WARNINGS',
    'CRL_MISSING MASTERLIST_CERTIFICATE MLSC_EXPIRED SIG_DIGESTINFO_NULL',
  ],
  [
    'UN_ICAO_ml_2025-04.ml',
    'TRUSTED_WITH_WARNINGS',
    'CRL_MISSING CSCA_NAME MASTERLIST_CERTIFICATE MLSC_EXPIRED',
  ],
  ['neg_wrong-content_ber.ml', 'INVALID', 'MASTERLIST_CONTENT_TYPE'],
];

/** Document Signers whose CSCA is in no list that we have: specimens, and Indonesia's of 2025. */
const withoutCsca: readonly string[] = [
  'DE_bsi-tr03105-5_pss_specimen_b87cd47d.cer',
  'ID_pss_algprotect_584b63fe.cer',
  'XX_bsi2008_sha1_bp224_specimen_8d1d93af.cer',
];

function graveCodes(findings: readonly { severity: string; code: string }[]): string {
  const grave = findings.filter((finding) => finding.severity !== 'info').map((finding) => finding.code);
  return [...new Set(grave)].toSorted().join(' ');
}

describeCorpus('the corpus at a border', () => {
  let trust: TrustStore;

  beforeAll(() => {
    const listed = corpusFiles('masterlists')
      .filter((file) => file.endsWith('.ml') && !file.startsWith('neg'))
      .flatMap(
        (file): readonly Certificate[] => decodeMasterList(readCorpus('masterlists', file)).certificates,
      );
    trust = buildTrustStore([...corpusCscas(), ...listed]);
  });

  it('has no document and no list without an expected verdict', () => {
    expect(documents.map(([file]) => file)).toEqual(corpusFiles('sod'));
    expect(lists.map(([file]) => file)).toEqual(corpusFiles('masterlists'));
  });

  it.each([...documents, ...lists])('docs/reader.md says that %s is %s: %s', (file, verdict, codes) => {
    expect(readme).toContain(`| ${file} | ${verdict} | ${codes} |`);
  });

  it.each(documents)('sod/%s is %s: %s', (file, verdict, codes) => {
    const efSod = readCorpus('sod', file);
    const report = passiveAuthentication({ efSod, trust, crls: [], at, strict: false });
    expect({ verdict: report.verdict, codes: graveCodes(report.findings) }).toEqual({ verdict, codes });
  });

  it.each(lists)('masterlists/%s is %s: %s', (file, verdict, codes) => {
    const masterList = readCorpus('masterlists', file);
    const report = verifyMasterList({ masterList, trust, crls: [], at, strict: false });
    expect({ verdict: report.verdict, codes: graveCodes(report.findings) }).toEqual({ verdict, codes });
  });

  it.each(corpusFiles('dsc'))(
    'dsc/%s is issued by a CSCA of the lists, unless it is known not to be',
    (file) => {
      const report = verifyCertificate({
        certificate: readCorpus('dsc', file),
        trust,
        crls: [],
        at,
        strict: false,
      });
      expect(report.csca === undefined).toBe(withoutCsca.includes(file));
      expect(report.certificateKind).toBe('Document Signer');
    },
  );

  it.each(corpusFiles('csca'))('csca/%s is an anchor: self-signed, or linked to one', (file) => {
    const certificate = readCorpus('csca', file);
    const report = verifyCertificate({ certificate, trust, crls: [], at, strict: false });
    const isAnchor = report.csca?.certificate.fingerprint === report.certificate?.fingerprint;
    // Bermuda's is signed by the United Kingdom: one country does not introduce the CSCA of another.
    expect(isAnchor).toBe(!file.startsWith('BM_2024_link'));
  });

  it('the BSI specimen of 2008 has the data groups that its EF.SOD says', () => {
    const read = (number: number): readonly [number, Uint8Array] => {
      return [number, readCorpus('dg', 'bsi2008', `Datagroup${number}.bin`)];
    };
    const report = passiveAuthentication({
      efSod: readCorpus('sod', 'XX_bsi2008_sha1_bp224_specimen.sod'),
      dataGroups: new Map([1, 2, 3, 14].map(read)),
      efCom: readCorpus('dg', 'bsi2008', 'EF_COM.bin'),
      trust,
      crls: [],
      at,
      strict: false,
    });
    const codes = report.findings.map((finding) => finding.code);
    expect(codes).not.toContain('DG_HASH');
    expect(codes).not.toContain('DG_NOT_CHECKED');
    expect(codes).not.toContain('COM_SOD');
  });

  it('a bit flip at any octet of what the British EF.SOD has signed is never trusted', () => {
    const efSod = readCorpus('sod', 'GB_p256_ldsv1.sod');
    const original = decodeEfSod(efSod);
    const [signerInfo] = original.signedData.signerInfos;
    const signed = [
      original.signedData.certificates[0]?.bytes,
      original.signedData.eContent,
      signerInfo?.signedAttributes?.received.subarray(1),
      signerInfo?.signature,
    ];
    for (const part of signed) {
      expect(part).toBeDefined();
      const start = Buffer.from(efSod).indexOf(part ?? new Uint8Array());
      for (let at_ = start; at_ < start + (part?.length ?? 0); at_ += 1) {
        const changed = Uint8Array.from(efSod);
        changed[at_] = (changed[at_] ?? 0) ^ (1 << (at_ % 8));
        const { verdict } = passiveAuthentication({ efSod: changed, trust, crls: [], at, strict: false });
        expect({ octet: at_, trusted: verdict.startsWith('TRUSTED') }).toEqual({
          octet: at_,
          trusted: false,
        });
      }
    }
  });
});
