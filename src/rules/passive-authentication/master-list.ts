import { decodeSignedData } from '../../formats/cms/signed-data.ts';
import {
  decodeCscaMasterList,
  decodeMasterList,
  type MasterList,
} from '../../formats/masterlist/master-list.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { oidName, oids } from '../../formats/oids.ts';
import type { SignerInfo } from '../../formats/cms/signer-info.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import {
  type Border,
  examineAlgorithms,
  examineAnchor,
  examinePath,
  examineRevocation,
  examineValidity,
} from './certificate-path.ts';
import type { FindingCode } from './finding-codes.ts';
import { Examination, type Report } from './report.ts';
import { answerHere } from './signature-question.ts';
import { examineDigest, examineSignature, findSigner } from './signer.ts';
import { examineUsage } from './signer-profile.ts';
import { isCaCertificate, type TrustAnchor } from './trust-store.ts';
import { digestOf, weaknesses } from './weak-algorithms.ts';

export interface MasterListInput extends Border {
  readonly masterList: Uint8Array;
  readonly requireCrl?: boolean | undefined;
}

export interface MasterListReport extends Report {
  readonly kind: 'master-list';
  readonly masterList: MasterList | undefined;
  /** The Master List Signer certificate. */
  readonly mlsc: Certificate | undefined;
  readonly csca: TrustAnchor | undefined;
}

/**
 * Whether a master list was signed by a Master List Signer of a CSCA that is trusted already. A CSCA that is only
 * in the list itself does not count. What the list says about other states is then for the receiver's policy.
 *
 * @see Doc 9303-12 §5.3, §9.1 Table 18
 */
export function verifyMasterList(input: MasterListInput): MasterListReport {
  const examination = new Examination(input);
  const masterList = examination.step('read the master list', () => readMasterList(examination, input));
  if (masterList === undefined) return report(examination, {});
  examination.step('profile of the SignedData', () => examineProfile(examination, masterList));
  examination.step('certificates of the list', () => examineCertificates(examination, masterList));

  const { signedData } = masterList;
  const [signerInfo] = signedData.signerInfos;
  if (signerInfo === undefined) return report(examination, { masterList });
  const mlsc = examination.step('Master List Signer certificate', () =>
    findSigner(examination, 'MLSC', signerInfo, {
      embedded: signedData.certificates,
      stored: [...input.trust.signers, ...masterList.certificates],
    }),
  );
  const csca = mlsc === undefined ? undefined : examineSigner(examination, mlsc, signerInfo, input);
  if (csca !== undefined) examineOwnCsca(examination, masterList, csca);

  examination.step('digest of the content', () =>
    examineDigest(examination, 'MASTERLIST', signedData, signerInfo, input),
  );
  if (mlsc === undefined) examination.skip('signature of the list');
  else {
    examination.step('signature of the list', () =>
      answerHere(examineSignature(examination, 'MASTERLIST', signedData, signerInfo, mlsc, input)),
    );
    const digests = [digestOf(signerInfo.signatureAlgorithm), signerInfo.digestAlgorithm?.name];
    for (const weakness of weaknesses(digests, [])) examination.find('WEAK_ALG', `master list: ${weakness}`);
  }
  return report(examination, { masterList, mlsc, csca });
}

function report(
  examination: Examination,
  found: {
    readonly masterList?: MasterList;
    readonly mlsc?: Certificate | undefined;
    readonly csca?: TrustAnchor | undefined;
  },
): MasterListReport {
  return {
    ...examination.report('master-list'),
    masterList: found.masterList,
    mlsc: found.mlsc,
    csca: found.csca,
  };
}

function readMasterList(
  examination: Examination,
  { masterList, strict }: MasterListInput,
): MasterList | undefined {
  try {
    const decoded = decodeMasterList(masterList, { strict });
    examination.note('master list', decoded.notes);
    return decoded;
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    examination.find(unreadableCode(masterList), error.message);
    return undefined;
  }
}

/** A signed object that is something else, and a list that is not signed, are not unreadable but wrong. */
function unreadableCode(bytes: Uint8Array): FindingCode {
  if (decodes(() => decodeCscaMasterList(bytes))) return 'MASTERLIST_SIGNATURE';
  return decodes(() => decodeSignedData(bytes)) ? 'MASTERLIST_CONTENT_TYPE' : 'MASTERLIST_PARSE';
}

function decodes(decode: () => unknown): boolean {
  try {
    decode();
    return true;
  } catch (error) {
    if (error instanceof MalformedInput) return false;
    throw error;
  }
}

function examineProfile(examination: Examination, { signedData }: MasterList): void {
  const { version, eContentType, signerInfos, hasCrls } = signedData;
  if (eContentType !== oids.cscaMasterList) {
    examination.find('MASTERLIST_CONTENT_TYPE', `eContentType is ${oidName(eContentType) ?? eContentType}`);
  }
  if (version !== 3) examination.find('MASTERLIST_PROFILE', `SignedData has the version ${version}, not 3`);
  if (hasCrls) examination.find('MASTERLIST_PROFILE', 'SignedData has CRLs');
  if (signerInfos.length === 0) examination.find('MASTERLIST_SIGNATURE', 'there is no signature');
  if (signerInfos.length > 1) {
    examination.find(
      'MASTERLIST_PROFILE',
      `there are ${signerInfos.length} signatures; the first was examined`,
    );
  }
  if (signerInfos[0]?.signedAttributes?.signingTime === undefined) {
    examination.find('MASTERLIST_PROFILE', 'there is no signing-time');
  }
}

function examineCertificates(examination: Examination, masterList: MasterList): void {
  for (const { fault } of masterList.malformed) {
    examination.find('MASTERLIST_CERTIFICATE', `one cannot be read: ${fault.message}`);
  }
  for (const certificate of masterList.certificates) {
    if (isCaCertificate(certificate)) continue;
    const detail = `${certificate.subject.display} (${certificate.fingerprint.slice(0, 16)}) is no CA certificate`;
    examination.find('MASTERLIST_CERTIFICATE', detail);
  }
}

function examineSigner(
  examination: Examination,
  mlsc: Certificate,
  signerInfo: SignerInfo,
  input: MasterListInput,
): TrustAnchor | undefined {
  const own = input.trust.find(mlsc.fingerprint);
  if (own !== undefined) {
    examination.find('MLSC_PROFILE', 'the list is signed with the key of the CSCA itself');
    return own;
  }
  examination.step('profile of the Master List Signer certificate', () => {
    examination.note('Master List Signer certificate', mlsc.notes);
    examineUsage(examination, 'MLSC', mlsc, oids.cscaMasterListSigningKey);
  });
  const csca = examination.step('path to the CSCA', () => examinePath(examination, 'MLSC', mlsc, input));
  examination.step('validity', () => {
    const signedAt = signerInfo.signedAttributes?.signingTime;
    examineValidity(examination, 'MLSC', mlsc, { at: input.at, signedAt });
    if (csca !== undefined) examineAnchor(examination, csca, input.at);
  });
  if (csca === undefined) examination.skip('revocation');
  else examination.step('revocation', () => examineRevocation(examination, 'MLSC', mlsc, csca, input));
  examination.step('algorithms of the certificates', () =>
    examineAlgorithms(examination, 'MLSC', mlsc, csca),
  );
  return csca;
}

/** The list as a whole must contain the CSCA of its signer (Doc 9303-12 §5.3). */
function examineOwnCsca(examination: Examination, masterList: MasterList, csca: TrustAnchor): void {
  const key = csca.certificate.subjectPublicKey.subjectPublicKey;
  const all = [...masterList.certificates, ...masterList.signedData.certificates];
  const contains = all.some((one) => Buffer.compare(one.subjectPublicKey.subjectPublicKey, key) === 0);
  if (!contains) examination.find('MASTERLIST_PROFILE', 'the CSCA of its signer is not in it');
}
