import { decodeMasterList, type MasterList } from '../../formats/masterlist/master-list.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { fromPem } from '../../formats/pem.ts';
import { recognise } from '../../formats/recognise.ts';
import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import { type CertificateList, decodeCrl } from '../../formats/x509/crl.ts';
import {
  buildTrustStore,
  type TrustStore,
  verifyMasterList,
} from '../../rules/passive-authentication/index.ts';
import { filesBelow, isFolder, readBytes } from './files.ts';
import { isVerifierKeyFile } from './log-keys.ts';

/** What the operator trusts, from the files he named. */
export interface TrustMaterial {
  readonly trust: TrustStore;
  readonly crls: readonly CertificateList[];
  /** Files that gave nothing, and lists that are trusted on the operator's word: a sentence each. */
  readonly remarks: readonly string[];
}

/** In a folder other files may lie about; only these are trust material. */
const trustExtensions = /\.(cer|crt|der|pem|crl|ml|mls)$/i;

interface Found {
  readonly certificates: Certificate[];
  readonly crls: CertificateList[];
  readonly masterLists: { readonly file: string; readonly masterList: MasterList }[];
  readonly remarks: string[];
}

/**
 * Loads certificates, CRLs and master lists. A master list counts when its signature holds; that its signer's
 * CSCA is not among the trusted is said, because then only the operator's word stands for it.
 *
 * @param trustPaths files, or folders that are searched for files of the usual extensions
 * @param crlPaths further CRLs
 * @throws UnreadablePath
 */
export function loadTrustMaterial(
  trustPaths: readonly string[],
  crlPaths: readonly string[],
  at: Date,
): TrustMaterial {
  const found: Found = { certificates: [], crls: [], masterLists: [], remarks: [] };
  for (const path of trustPaths) {
    const files = filesBelow(path);
    const wanted = files.filter((file) =>
      isFolder(path) ? trustExtensions.test(file) : !isVerifierKeyFile(file),
    );
    for (const file of wanted) loadFile(file, found);
  }
  for (const path of crlPaths) for (const file of filesBelow(path)) loadFile(file, found);
  const pinned = buildTrustStore(found.certificates);
  const listed = found.masterLists.flatMap((list) => certificatesOf(list, pinned, at, found.remarks));
  const trust = listed.length === 0 ? pinned : buildTrustStore([...found.certificates, ...listed]);
  return { trust, crls: found.crls, remarks: found.remarks };
}

function loadFile(file: string, found: Found): void {
  try {
    for (const bytes of fromPem(readBytes(file))) loadContent(file, bytes, found);
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    found.remarks.push(`${file} is left out: ${error.message}`);
  }
}

function loadContent(file: string, bytes: Uint8Array, found: Found): void {
  switch (recognise(bytes)) {
    case 'certificate':
      found.certificates.push(decodeCertificate(bytes));
      break;
    case 'crl':
      found.crls.push(decodeCrl(bytes));
      break;
    case 'master-list':
      found.masterLists.push({ file, masterList: decodeMasterList(bytes) });
      break;
    case 'ef-sod':
    case 'ef-com':
    case 'data-group':
    case 'deviation-list':
    case 'card-security':
    case 'signed-data':
    case 'cv-certificate':
    case 'unknown':
      found.remarks.push(`${file} is left out: it is neither certificate nor CRL nor master list`);
  }
}

function certificatesOf(
  { file, masterList }: Found['masterLists'][number],
  pinned: TrustStore,
  at: Date,
  remarks: string[],
): readonly Certificate[] {
  const input = { masterList: masterList.bytes, trust: pinned, crls: [], at, strict: false };
  const { verdict, findings } = verifyMasterList(input);
  const reasons = findings.filter((finding) => finding.severity === 'error');
  if (verdict === 'INVALID' || verdict === 'UNREADABLE') {
    remarks.push(`${file} is left out: ${reasons.map((finding) => finding.detail).join('; ')}`);
    return [];
  }
  if (verdict === 'UNDETERMINED') {
    const why = reasons.map((finding) => finding.detail).join('; ');
    remarks.push(`${file} is trusted because you named it: ${why}`);
  }
  return masterList.certificates;
}
