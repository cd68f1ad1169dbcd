import type { Command } from 'commander';
import { decodeSignedData } from '../../formats/cms/signed-data.ts';
import { readPrefix } from '../../formats/der/reader.ts';
import { decodeEfCom } from '../../formats/lds/ef-com.ts';
import { decodeEfSod } from '../../formats/lds/ef-sod.ts';
import { decodeDg1 } from '../../formats/lds/mrz.ts';
import { type LogFileKind, logFileKindOf } from '../../formats/log/proof-files.ts';
import { decodeVerifierKey } from '../../formats/log/verifier-key.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { decodeMasterList } from '../../formats/masterlist/master-list.ts';
import { type Note, Tolerances } from '../../formats/note.ts';
import { fromPem } from '../../formats/pem.ts';
import { type FileKind, recognise } from '../../formats/recognise.ts';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { decodeCrl } from '../../formats/x509/crl.ts';
import { asn1Tree } from './asn1-tree.ts';
import { describeCertificate, describeCrl } from './describe-certificate.ts';
import {
  describeEfCom,
  describeEfSod,
  describeMasterList,
  describeMrz,
  describeSignedData,
} from './describe-lds.ts';
import { describeLogFile, describeVerifierKeys } from './describe-log.ts';
import { type Dump, renderDump } from './dump.ts';
import { readBytes } from './files.ts';
import { isVerifierKeyFile, readVerifierKeys } from './log-keys.ts';
import { paint, printable, type Screen } from './screen.ts';
import { exitCodeOf } from './verify.ts';

/** A file as `inspect` shows it. */
interface Inspection {
  readonly kind: FileKind | LogFileKind | 'vkey';
  readonly dump: Dump;
  readonly notes: readonly Note[];
}

/** `sigillo inspect FILE`: what is in a file, verified or not. */
export function registerInspect(program: Command, screen: Screen): void {
  program
    .command('inspect')
    .description(
      'show what is in an EF.SOD, certificate, CRL, master list, DG1 or EF.COM, or its ASN.1; in a checkpoint, proof or vkey of the log',
    )
    .argument('<file>')
    .option('--asn1', 'show the ASN.1 tree, whatever the file is')
    .option('--json', 'one JSON object a line')
    .action((file: string, options: { asn1?: boolean; json?: boolean }) => {
      screen.exit(exitCodeOf(screen, () => inspectFile(screen, file, options)));
    });
}

function inspectFile(screen: Screen, file: string, options: { asn1?: boolean; json?: boolean }): 0 | 1 {
  const bytes = readBytes(file);
  let inspections: readonly Inspection[];
  try {
    inspections = inspectionsOf(file, bytes, options.asn1 === true);
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    screen.stderr.write(`sigillo: ${printable(file)}: ${printable(error.message)}\n`);
    return 1;
  }
  for (const inspection of inspections) {
    screen.stdout.write(
      options.json === true ? `${JSON.stringify({ file, ...inspection })}\n` : text(screen, inspection),
    );
  }
  return 0;
}

/** Only PEM files have more than one. @throws MalformedInput */
function inspectionsOf(file: string, bytes: Uint8Array, asAsn1: boolean): readonly Inspection[] {
  const logFile = logFileKindOf(bytes);
  if (logFile !== undefined) return [{ kind: logFile, dump: describeLogFile(logFile, bytes), notes: [] }];
  if (isVerifierKeyFile(file)) {
    const keys = readVerifierKeys([file]).map(decodeVerifierKey);
    return [{ kind: 'vkey', dump: describeVerifierKeys(keys), notes: [] }];
  }
  return fromPem(bytes).map((content) => (asAsn1 ? tree(content) : inspect(content)));
}

/**
 * Decodes and describes one file, whatever its kind; what cannot be decoded as its kind is shown as ASN.1.
 *
 * @throws MalformedInput when it is not even ASN.1
 */
function inspect(bytes: Uint8Array): Inspection {
  const kind = recognise(bytes);
  try {
    return { kind, ...describe(kind, bytes) };
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    const { message, source, offset } = error;
    const note: Note = {
      code: 'MALFORMED',
      severity: 'error',
      detail: message,
      source: source ?? 'X.690',
      offset,
    };
    return { ...tree(bytes), kind, notes: [note] };
  }
}

function describe(kind: FileKind, bytes: Uint8Array): Omit<Inspection, 'kind'> {
  switch (kind) {
    case 'ef-sod': {
      const efSod = decodeEfSod(bytes);
      const embedded = efSod.signedData.certificates.flatMap((certificate) => certificate.notes);
      return { dump: describeEfSod(efSod), notes: [...efSod.notes, ...embedded] };
    }
    case 'certificate': {
      const certificate = decodeCertificate(bytes);
      return { dump: describeCertificate(certificate), notes: certificate.notes };
    }
    case 'crl': {
      const crl = decodeCrl(bytes);
      return { dump: describeCrl(crl), notes: crl.notes };
    }
    case 'master-list': {
      const list = decodeMasterList(bytes);
      return { dump: describeMasterList(list), notes: list.notes };
    }
    case 'ef-com': {
      const com = decodeEfCom(bytes);
      return { dump: describeEfCom(com), notes: com.notes };
    }
    case 'data-group':
      return isDg1(bytes) ? { dump: describeMrz(decodeDg1(bytes)), notes: [] } : tree(bytes);
    case 'deviation-list':
    case 'card-security':
    case 'signed-data': {
      const signedData = decodeSignedData(bytes);
      return { dump: describeSignedData(signedData), notes: signedData.notes };
    }
    case 'cv-certificate':
    case 'unknown':
      return tree(bytes);
  }
}

function isDg1(bytes: Uint8Array): boolean {
  return readPrefix(bytes, 'data group', new Tolerances(), { iso7816Tags: true }).tag === 0x61;
}

function tree(bytes: Uint8Array): Inspection {
  const dump: Dump = { title: `ASN.1, ${bytes.length} octets`, rows: [['', asn1Tree(bytes)]] };
  return { kind: recognise(bytes), dump, notes: [] };
}

function text(screen: Screen, { dump, notes }: Inspection): string {
  const lines = [renderDump(screen, dump)];
  if (notes.length > 0) lines.push(paint(screen, 'bold', 'Findings'));
  for (const { severity, code, detail, source } of notes) {
    lines.push(
      `  ${severity.padEnd(8)} ${code}: ${printable(detail)} ${paint(screen, 'dim', `[${source}]`)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
