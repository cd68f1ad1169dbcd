import { requireDer } from '../../formats/der/is-der.ts';
import { decodeEfSodSignedData } from '../../formats/lds/ef-sod.ts';
import { decodeMasterList } from '../../formats/masterlist/master-list.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { fromPem } from '../../formats/pem.ts';
import { type FileKind, recognise } from '../../formats/recognise.ts';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { decodeCrl } from '../../formats/x509/crl.ts';
import {
  type CertificateKind,
  type Edition,
  lintCertificate,
  lintCrl,
  lintDeviationList,
  lintMasterList,
  type LintReport,
  lintSod,
  unknownFormat,
} from '../../rules/lint/index.ts';
import { readBytes } from './files.ts';
import type { Issuers } from './issuers.ts';

export interface LintFileOptions {
  /** Of certificates, where they do not say it themselves. */
  readonly kind?: CertificateKind | undefined;
  readonly edition?: Edition | undefined;
  readonly issuers: Issuers;
  /** Whether the certificates within a list are held against their rules too. */
  readonly inside?: boolean | undefined;
}

/** What was found in one content of a file. */
export interface LintedFile {
  /** With the position of what is inside a list or EF.SOD behind `#`. */
  readonly file: string;
  readonly fileKind: FileKind;
  /** Subject, or issuer of a CRL; undefined for what has none or cannot be read. */
  readonly subject: string | undefined;
  readonly report: LintReport;
}

/**
 * Holds every content of a file against its rules; only PEM files have more than one.
 *
 * @throws UnreadablePath
 */
export function lintFile(file: string, options: LintFileOptions): readonly LintedFile[] {
  const bytes = readBytes(file);
  let contents: readonly Uint8Array[];
  try {
    contents = fromPem(bytes);
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return [{ file, fileKind: 'unknown', subject: undefined, report: unknownFormat(error.message) }];
  }
  return contents.flatMap((content) => lintContent(file, content, options));
}

function lintContent(file: string, bytes: Uint8Array, options: LintFileOptions): readonly LintedFile[] {
  const fileKind = recognise(bytes);
  switch (fileKind) {
    case 'certificate':
      return [lintOneCertificate(file, bytes, options)];
    case 'crl':
      return [lintOneCrl(file, bytes, options)];
    case 'master-list':
      return lintOneMasterList(file, bytes, options);
    case 'deviation-list':
      return [
        {
          file,
          fileKind,
          subject: undefined,
          report: lintDeviationList(bytes, { edition: options.edition }),
        },
      ];
    case 'ef-sod':
      return lintOneSod(file, bytes, options);
    case 'ef-com':
    case 'data-group':
    case 'card-security':
    case 'signed-data':
    case 'cv-certificate':
    case 'unknown': {
      const report = unknownFormat(whyNot(fileKind, bytes));
      return [{ file, fileKind, subject: undefined, report }];
    }
  }
}

/** What was expected and, of a damaged file, where it breaks off. */
function whyNot(fileKind: FileKind, bytes: Uint8Array): string {
  if (fileKind !== 'unknown') return `there are no rules for ${fileKind}`;
  const [first] = bytes;
  if (first === undefined) return 'the file is empty';
  if (!firstOctets.includes(first)) {
    const octet = first.toString(16).padStart(2, '0');
    return `neither DER nor PEM: the octet at 0 is ${octet}, where 30 begins a certificate, CRL or list and 77 an EF.SOD`;
  }
  try {
    requireDer(bytes, 'file');
    return 'DER, but none of certificate, CRL, master list, deviation list and EF.SOD';
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return `begins like a certificate, CRL, list or EF.SOD, and its DER breaks off in the element at octet ${error.offset ?? 0} (the file has ${bytes.length}): ${error.reason}`;
  }
}

/** Of SEQUENCE, and of the application tag of EF.SOD. */
const firstOctets = [0x30, 0x77];

function lintOneCertificate(
  file: string,
  bytes: Uint8Array,
  { kind, edition, issuers }: LintFileOptions,
): LintedFile {
  const certificate = orUndefined(() => decodeCertificate(bytes));
  const issuer = certificate && issuers.find(certificate);
  const report = lintCertificate(bytes, { kind, edition, issuer });
  return { file, fileKind: 'certificate', subject: certificate?.subject.display, report };
}

function lintOneCrl(file: string, bytes: Uint8Array, { edition, issuers }: LintFileOptions): LintedFile {
  const crl = orUndefined(() => decodeCrl(bytes));
  const issuer = crl && issuers.find(crl);
  return { file, fileKind: 'crl', subject: crl?.issuer.display, report: lintCrl(bytes, { edition, issuer }) };
}

function lintOneMasterList(file: string, bytes: Uint8Array, options: LintFileOptions): readonly LintedFile[] {
  const { edition } = options;
  const report = lintMasterList(bytes, { edition });
  const list = orUndefined(() => decodeMasterList(bytes));
  const subject = list?.signedData.certificates[0]?.subject.display;
  const own: LintedFile = { file, fileKind: 'master-list', subject, report };
  if (options.inside !== true || list === undefined) return [own];
  const all = [...list.signedData.certificates, ...list.certificates].map((certificate) => certificate.bytes);
  return [own, ...lintInside(file, [...all, ...list.malformed.map((one) => one.bytes)], options)];
}

function lintOneSod(file: string, bytes: Uint8Array, options: LintFileOptions): readonly LintedFile[] {
  const { edition } = options;
  const report = lintSod(bytes, { edition });
  const embedded = orUndefined(() => decodeEfSodSignedData(bytes))?.certificates ?? [];
  const own: LintedFile = { file, fileKind: 'ef-sod', subject: embedded[0]?.subject.display, report };
  if (options.inside !== true) return [own];
  return [
    own,
    ...lintInside(
      file,
      embedded.map((certificate) => certificate.bytes),
      options,
    ),
  ];
}

/** What is inside a file is named by its place. The kind is for the file itself. */
function lintInside(
  file: string,
  certificates: readonly Uint8Array[],
  { edition, issuers }: LintFileOptions,
): readonly LintedFile[] {
  return certificates.map((bytes, index) =>
    lintOneCertificate(`${file}#${index + 1}`, bytes, { edition, issuers }),
  );
}

/** What cannot be decoded the lint itself reports. */
function orUndefined<Value>(decode: () => Value): Value | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof MalformedInput) return undefined;
    throw error;
  }
}
