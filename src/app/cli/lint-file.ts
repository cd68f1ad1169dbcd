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
  type LintReport,
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
  /** With the position of what is inside a list behind `#`. */
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
      return [{ file, fileKind, ...lintOneCertificate(bytes, options) }];
    case 'crl':
      return [{ file, fileKind, ...lintOneCrl(bytes, options) }];
    case 'ef-sod':
    case 'master-list':
    case 'deviation-list':
    case 'ef-com':
    case 'data-group':
    case 'card-security':
    case 'signed-data':
    case 'cv-certificate':
    case 'unknown': {
      const report = unknownFormat(`not a format that lint knows: ${fileKind}`);
      return [{ file, fileKind, subject: undefined, report }];
    }
  }
}

type Linted = Pick<LintedFile, 'subject' | 'report'>;

function lintOneCertificate(bytes: Uint8Array, { kind, edition, issuers }: LintFileOptions): Linted {
  const certificate = orUndefined(() => decodeCertificate(bytes));
  const issuer = certificate && issuers.find(certificate);
  return { subject: certificate?.subject.display, report: lintCertificate(bytes, { kind, edition, issuer }) };
}

function lintOneCrl(bytes: Uint8Array, { edition, issuers }: LintFileOptions): Linted {
  const crl = orUndefined(() => decodeCrl(bytes));
  const issuer = crl && issuers.find(crl);
  return { subject: crl?.issuer.display, report: lintCrl(bytes, { edition, issuer }) };
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
