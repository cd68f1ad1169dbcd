import { createHash } from 'node:crypto';
import { parseSubjectPublicKey } from '../../formats/algorithms/subject-public-key.ts';
import { readPrefix } from '../../formats/der/reader.ts';
import { decodeDateOfIssue } from '../../formats/lds/dg12.ts';
import { decodeEfCom } from '../../formats/lds/ef-com.ts';
import type { LdsSecurityObject } from '../../formats/lds/lds-security-object.ts';
import { decodeDg1, type Mrz } from '../../formats/lds/mrz.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { Tolerances } from '../../formats/note.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import { day } from './certificate-path.ts';
import { isIssuedBy } from './country-codes.ts';
import type { Examination } from './report.ts';

/** Content of the elementary files as read from the chip, by data group number. */
export type DataGroups = ReadonlyMap<number, Uint8Array>;

/** Hashes each data group that was read and compares (Doc 9303-11 §5.1.1). */
export function examineDataGroups(
  examination: Examination,
  lds: LdsSecurityObject,
  dataGroups: DataGroups,
  options: { readonly strict: boolean },
): void {
  for (const [number, content] of dataGroups) {
    const expected = lds.dataGroupHashes.get(number);
    if (expected === undefined)
      examination.find('DG_NOT_SIGNED', `DG${number} is not in the security object`);
    else examineDataGroup(examination, lds, { number, content, expected }, options);
  }
  const unchecked = [...lds.dataGroupHashes.keys()].filter((number) => !dataGroups.has(number));
  if (unchecked.length > 0) {
    const groups = unchecked.toSorted((a, b) => a - b).map((number) => `DG${number}`);
    examination.find('DG_NOT_CHECKED', `not read and so not compared: ${groups.join(', ')}`);
  }
}

function examineDataGroup(
  examination: Examination,
  { hashAlgorithm }: LdsSecurityObject,
  group: { readonly number: number; readonly content: Uint8Array; readonly expected: Uint8Array },
  options: { readonly strict: boolean },
): void {
  const hash = (octets: Uint8Array): Buffer => createHash(hashAlgorithm.node).update(octets).digest();
  if (hash(group.content).equals(group.expected)) return;
  const file = withoutPadding(group.content);
  if (!options.strict && file !== undefined && hash(file).equals(group.expected)) {
    const extra = group.content.length - file.length;
    examination.find('DG_PADDING', `DG${group.number} holds without the ${extra} octets after its end`);
    return;
  }
  examination.find('DG_HASH', `DG${group.number} does not have the hash in the security object`);
}

/** The file as long as its own length says; readers may hand over the whole of the chip's memory for it. */
function withoutPadding(content: Uint8Array): Uint8Array | undefined {
  try {
    return readPrefix(content, 'data group', new Tolerances(), { iso7816Tags: true }).bytes;
  } catch (error) {
    if (error instanceof MalformedInput) return undefined;
    throw error;
  }
}

/** EF.COM is not signed; where it contradicts EF.SOD, EF.SOD counts (Doc 9303-10 §4.6.1). */
export function examineEfCom(examination: Examination, lds: LdsSecurityObject, efCom: Uint8Array): void {
  const com = orFind(examination, 'COM_SOD', 'EF.COM', () => decodeEfCom(efCom));
  if (com === undefined) return;
  const signed = [...lds.dataGroupHashes.keys()];
  const onlyCom = com.dataGroups.filter((number) => !signed.includes(number));
  const onlySod = signed.filter((number) => !com.dataGroups.includes(number));
  if (onlyCom.length > 0) examination.find('COM_SOD', `only EF.COM has ${groups(onlyCom)}`);
  if (onlySod.length > 0) examination.find('COM_SOD', `only EF.SOD has ${groups(onlySod)}`);
  const { ldsVersionInfo } = lds;
  if (ldsVersionInfo !== undefined && com.ldsVersion !== ldsVersionInfo.ldsVersion) {
    const versions = `${com.ldsVersion ?? 'none'} and ${ldsVersionInfo.ldsVersion}`;
    examination.find('COM_SOD', `EF.COM and EF.SOD have different LDS versions, ${versions}`);
  }
}

function groups(numbers: readonly number[]): string {
  return numbers.map((number) => `DG${number}`).join(', ');
}

function orFind<Value>(
  examination: Examination,
  code: 'COM_SOD' | 'MRZ_CD' | 'SECINFO' | 'PKUP',
  what: string,
  decode: () => Value,
): Value | undefined {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    examination.find(code, `${what} cannot be read: ${error.message}`);
    return undefined;
  }
}

/** The machine readable zone against itself and against the Document Signer (Doc 9303-12 §6.1). */
export function examineMrz(examination: Examination, dg1: Uint8Array, dsc: Certificate | undefined): void {
  const mrz = orFind(examination, 'MRZ_CD', 'DG1', () => decodeDg1(dg1));
  if (mrz === undefined) return;
  for (const field of mrz.wrongCheckDigits) {
    examination.find('MRZ_CD', `the check digit of ${field} is wrong`);
  }
  if (dsc === undefined) return;
  examineDocumentType(examination, mrz, dsc);
  examineCountry(examination, mrz, dsc);
  examineDateOfExpiry(examination, mrz, dsc);
}

function examineDocumentType(examination: Examination, { documentCode }: Mrz, dsc: Certificate): void {
  const types = dsc.documentTypeList?.types;
  if (types === undefined) return;
  const covers = types.some((type) =>
    type.length === 1 ? documentCode.startsWith(type) : documentCode === type,
  );
  if (!covers) {
    examination.find('DOCTYPE', `a document ${documentCode}, where the signer may sign ${types.join(', ')}`);
  }
}

function examineCountry(examination: Examination, { issuingState }: Mrz, dsc: Certificate): void {
  const { country } = dsc.subject;
  if (country !== undefined && isIssuedBy(country, issuingState) === false) {
    examination.find('COUNTRY', `issued by ${issuingState} in the MRZ, signed by C=${country}`);
  }
  const locality = dsc.subjectAltName?.country;
  const state = dsc.subjectAltName?.stateOrProvince;
  if (locality !== undefined && locality !== issuingState && state !== issuingState) {
    examination.find(
      'COUNTRY',
      `issued by ${issuingState} in the MRZ, subjectAltName of the signer has ${locality}`,
    );
  }
}

/** Two digits of the year of expiry are of this century: documents last ten years. */
function examineDateOfExpiry(examination: Examination, { dateOfExpiry }: Mrz, dsc: Certificate): void {
  const match = /^(\d\d)(\d\d)(\d\d)$/.exec(dateOfExpiry);
  if (match === null) return;
  const [, year = '', month = '', dayOfMonth = ''] = match;
  const expiry = new Date(`20${year}-${month}-${dayOfMonth}T00:00:00Z`);
  if (expiry > dsc.notAfter) {
    const detail = `the document is valid until ${day(expiry)}, its signer until ${day(dsc.notAfter)}`;
    examination.find('VALIDITY', detail);
  }
}

/** When the document was issued, from DG12, or else when its EF.SOD claims to have been signed. */
export function issueDate(
  examination: Examination,
  dataGroups: DataGroups | undefined,
  signingTime: Date | undefined,
): Date | undefined {
  const dg12 = dataGroups?.get(12);
  const date =
    dg12 === undefined ? undefined : orFind(examination, 'PKUP', 'DG12', () => decodeDateOfIssue(dg12));
  return date ?? signingTime;
}

/** The Document Signer's private key may be used in its privateKeyUsagePeriod only (Doc 9303-12 §7.1.1.1). */
export function examineUsagePeriod(examination: Examination, dsc: Certificate, signedAt: Date): void {
  const period = dsc.privateKeyUsagePeriod;
  if (period === undefined) return;
  const { notBefore, notAfter } = period;
  // A date of issue has no time of day.
  const endOfDay = notAfter === undefined ? undefined : new Date(notAfter.getTime() + 86_400_000);
  const isBefore = notBefore !== undefined && signedAt.getTime() + 86_400_000 <= notBefore.getTime();
  const isAfter = endOfDay !== undefined && signedAt >= endOfDay;
  if (!isBefore && !isAfter) return;
  const from = notBefore === undefined ? '' : ` from ${day(notBefore)}`;
  const to = notAfter === undefined ? '' : ` to ${day(notAfter)}`;
  examination.find('PKUP', `signed on ${day(signedAt)}, the key is for use${from}${to}`);
}

/** DG15 holds the chip's key for Active Authentication (Doc 9303-10 §4.7.15): `6F L SubjectPublicKeyInfo`. */
export function examineDg15(examination: Examination, dg15: Uint8Array): void {
  const key = orFind(examination, 'SECINFO', 'DG15', () => {
    const element = readPrefix(dg15, 'DG15', new Tolerances()).expect(0x6f);
    return parseSubjectPublicKey(element.only('SubjectPublicKeyInfo').bytes);
  });
  if (key?.kind === 'unsupported') examination.find('SECINFO', `DG15: ${key.reason}`);
}
