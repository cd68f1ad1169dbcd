import type { SignedData } from '../../formats/cms/signed-data.ts';
import type { SignerInfo } from '../../formats/cms/signer-info.ts';
import { decodeEfSodSignedData } from '../../formats/lds/ef-sod.ts';
import { decodeLdsSecurityObject, type LdsSecurityObject } from '../../formats/lds/lds-security-object.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { oidName, oids } from '../../formats/oids.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import {
  type Border,
  examineAlgorithms,
  examineAnchor,
  examinePath,
  examineRevocation,
  examineValidity,
} from './certificate-path.ts';
import {
  type DataGroups,
  examineDataGroups,
  examineDg15,
  examineEfCom,
  examineMrz,
  examineUsagePeriod,
  issueDate,
} from './document.ts';
import { Examination, type Report } from './report.ts';
import { type Asking, answerHere, answerOnThreadPool } from './signature-question.ts';
import { examineDigest, examineSignature, findSigner } from './signer.ts';
import { examineUsage } from './signer-profile.ts';
import type { TrustAnchor } from './trust-store.ts';
import { digestOf, weaknesses } from './weak-algorithms.ts';

export interface PassiveAuthenticationInput extends Border {
  readonly efSod: Uint8Array;
  /** The files of the data groups that were read from the chip. */
  readonly dataGroups?: DataGroups | undefined;
  readonly efCom?: Uint8Array | undefined;
  /** Without a fresh CRL the verdict is UNDETERMINED instead of a warning. */
  readonly requireCrl?: boolean | undefined;
}

export interface PassiveAuthenticationReport extends Report {
  readonly kind: 'ef-sod';
  readonly signedData: SignedData | undefined;
  readonly ldsSecurityObject: LdsSecurityObject | undefined;
  /** The Document Signer certificate. */
  readonly dsc: Certificate | undefined;
  readonly csca: TrustAnchor | undefined;
}

/** eContentTypes of issuers that had their reasons; the signature covers them like the right one. */
const foreignContentTypes: readonly string[] = [
  oids.data, // China
  '1.3.27.1.1.1', // France and Belgium, before 2008
  '2.16.528.1.1006.1.20.1', // a Dutch printer's test identifier
];

/**
 * Passive Authentication: was this document signed by its state, and is it unchanged? Reads top to bottom in the
 * order of the standard and keeps going, so that one defect does not hide the next.
 *
 * @see Doc 9303-11 §5.1.1, Doc 9303-12 §6.1
 */
export function passiveAuthentication(input: PassiveAuthenticationInput): PassiveAuthenticationReport {
  return answerHere(examineEfSod(input));
}

/** As `passiveAuthentication`, the signature of the document checked on the thread pool. */
export function passiveAuthenticationAsync(
  input: PassiveAuthenticationInput,
): Promise<PassiveAuthenticationReport> {
  return answerOnThreadPool(examineEfSod(input));
}

function* examineEfSod(input: PassiveAuthenticationInput): Asking<PassiveAuthenticationReport> {
  const examination = new Examination(input);
  const signedData = examination.step('read EF.SOD', () => readSignedData(examination, input));
  if (signedData === undefined) return report(examination, {});

  // The content, whose groups are compared with the chip's at the end.
  examination.step('profile of the SignedData', () => examineProfile(examination, signedData));
  const lds = examination.step('LDS security object', () => readLds(examination, signedData, input));

  // Who signed it, and whether the CSCA says so.
  const [signerInfo] = signedData.signerInfos;
  if (signerInfo === undefined) return report(examination, { signedData, lds });
  const found = examination.step('Document Signer certificate', () =>
    findSigner(examination, 'DSC', signerInfo, {
      embedded: signedData.certificates,
      stored: input.trust.signers,
    }),
  );
  // The same octets as `found`, whose key is ready when another document brought it before.
  const dsc = found === undefined ? undefined : input.trust.issuerOf(found, input).certificate;
  const csca = dsc === undefined ? undefined : examineDocumentSigner(examination, dsc, signerInfo, input);

  // Whether the signature is over this content and holds.
  examination.step('digest of the content', () =>
    examineDigest(examination, 'SOD', signedData, signerInfo, input),
  );
  if (dsc === undefined) examination.skip('signature of EF.SOD');
  else yield* examineSodSignature(examination, { signedData, signerInfo, dsc, lds }, input);

  // Whether the document is the one that was signed.
  examineDocument(examination, { lds, dsc, signerInfo }, input);
  return report(examination, { signedData, lds, dsc, csca });
}

function report(
  examination: Examination,
  found: {
    readonly signedData?: SignedData;
    readonly lds?: LdsSecurityObject | undefined;
    readonly dsc?: Certificate | undefined;
    readonly csca?: TrustAnchor | undefined;
  },
): PassiveAuthenticationReport {
  return {
    ...examination.report('ef-sod'),
    signedData: found.signedData,
    ldsSecurityObject: found.lds,
    dsc: found.dsc,
    csca: found.csca,
  };
}

function readSignedData(
  examination: Examination,
  { efSod, strict, trust }: PassiveAuthenticationInput,
): SignedData | undefined {
  try {
    const signedData = decodeEfSodSignedData(efSod, {
      strict,
      certificateDecoder: (der, options) => trust.decodeCertificate(der, options),
    });
    examination.note('EF.SOD', signedData.notes);
    return signedData;
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    examination.find(error.field === 'contentType' ? 'SOD_CONTENT_TYPE' : 'SOD_PARSE', error.message);
    return undefined;
  }
}

function examineProfile(examination: Examination, signedData: SignedData): void {
  const { version, eContentType, signerInfos, hasCrls } = signedData;
  if (version !== 3) examination.find('SOD_PROFILE', `SignedData has the version ${version}, not 3`);
  if (hasCrls) examination.find('SOD_PROFILE', 'SignedData has CRLs');
  if (signerInfos.length === 0) examination.find('SOD_SIGNATURE', 'there is no signature');
  if (signerInfos.length > 1) {
    examination.find('SOD_PROFILE', `there are ${signerInfos.length} signatures; the first was examined`);
  }
  if (eContentType === oids.ldsSecurityObject) return;
  const detail = `eContentType is ${oidName(eContentType) ?? eContentType}`;
  examination.find(foreignContentTypes.includes(eContentType) ? 'SOD_PROFILE' : 'SOD_CONTENT_TYPE', detail);
}

function readLds(
  examination: Examination,
  { eContent }: SignedData,
  { strict }: PassiveAuthenticationInput,
): LdsSecurityObject | undefined {
  if (eContent === undefined) {
    examination.find('LDS_PROFILE', 'eContent is absent');
    return undefined;
  }
  try {
    const lds = decodeLdsSecurityObject(eContent, { strict });
    examination.note('LDSSecurityObject', lds.notes);
    return lds;
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    examination.find('LDS_PROFILE', error.message);
    return undefined;
  }
}

function examineDocumentSigner(
  examination: Examination,
  dsc: Certificate,
  signerInfo: SignerInfo,
  input: PassiveAuthenticationInput,
): TrustAnchor | undefined {
  examination.step('profile of the Document Signer certificate', () => {
    examination.note('Document Signer certificate', dsc.notes);
    examineUsage(examination, 'DSC', dsc, undefined);
  });
  const csca = examination.step('path to the CSCA', () => examinePath(examination, 'DSC', dsc, input));
  examination.step('validity', () => {
    const signedAt = signerInfo.signedAttributes?.signingTime;
    examineValidity(examination, 'DSC', dsc, { at: input.at, signedAt });
    if (csca !== undefined) examineAnchor(examination, csca, input.at);
  });
  if (csca === undefined) examination.skip('revocation');
  else examination.step('revocation', () => examineRevocation(examination, 'DSC', dsc, csca, input));
  examination.step('algorithms of the certificates', () => examineAlgorithms(examination, 'DSC', dsc, csca));
  return csca;
}

function* examineSodSignature(
  examination: Examination,
  found: {
    readonly signedData: SignedData;
    readonly signerInfo: SignerInfo;
    readonly dsc: Certificate;
    readonly lds: LdsSecurityObject | undefined;
  },
  input: PassiveAuthenticationInput,
): Asking<void> {
  const { signedData, signerInfo, dsc, lds } = found;
  yield* examination.askingStep(
    'signature of EF.SOD',
    examineSignature(examination, 'SOD', signedData, signerInfo, dsc, input),
  );
  examination.step('algorithms of EF.SOD', () => {
    const digests = [
      digestOf(signerInfo.signatureAlgorithm),
      signerInfo.digestAlgorithm?.name,
      lds?.hashAlgorithm.name,
    ];
    for (const weakness of weaknesses(digests, [])) examination.find('WEAK_ALG', `EF.SOD: ${weakness}`);
  });
}

function examineDocument(
  examination: Examination,
  found: {
    readonly lds: LdsSecurityObject | undefined;
    readonly dsc: Certificate | undefined;
    readonly signerInfo: SignerInfo;
  },
  input: PassiveAuthenticationInput,
): void {
  const { lds, dsc } = found;
  const { dataGroups, efCom } = input;
  const signedAt = issueDate(examination, dataGroups, found.signerInfo.signedAttributes?.signingTime);
  const run = (name: string, check: (() => void) | false): void => {
    if (check === false) examination.skip(name);
    else examination.step(name, check);
  };
  const dg1 = dataGroups?.get(1);
  const dg15 = dataGroups?.get(15);
  run(
    'data groups',
    lds !== undefined && (() => examineDataGroups(examination, lds, dataGroups ?? new Map(), input)),
  );
  run('EF.COM', lds !== undefined && efCom !== undefined && (() => examineEfCom(examination, lds, efCom)));
  run('machine readable zone', dg1 !== undefined && (() => examineMrz(examination, dg1, dsc)));
  run(
    'date of issue',
    dsc !== undefined && signedAt !== undefined && (() => examineUsagePeriod(examination, dsc, signedAt)),
  );
  run('Active Authentication key', dg15 !== undefined && (() => examineDg15(examination, dg15)));
}
