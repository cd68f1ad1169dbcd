import { type Command, InvalidArgumentError } from 'commander';
import { fromPem } from '../../formats/pem.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { type LogFileKind, logFileKindOf } from '../../formats/log/proof-files.ts';
import { decodeVerifierKey } from '../../formats/log/verifier-key.ts';
import { type FileKind, recognise } from '../../formats/recognise.ts';
import {
  type LogFileReport,
  type LogTrust,
  verifyCheckpointFile,
  verifyConsistencyProofFile,
  verifyInclusionProofFile,
} from '../../rules/log/verify-log-file.ts';
import {
  type Border,
  type DataGroups,
  type Finding,
  holds,
  passiveAuthentication,
  type Report,
  type Verdict,
  verifyCertificate,
  verifyCrl,
  verifyMasterList,
} from '../../rules/passive-authentication/index.ts';
import { isFolder, readBytes, UnreadablePath } from './files.ts';
import { isVerifierKeyFile, readVerifierKeys } from './log-keys.ts';
import { paint, printable, type Style, type Screen } from './screen.ts';
import { loadTrustMaterial } from './trust-material.ts';

interface VerifyOptions {
  readonly trust: readonly string[];
  readonly crl: readonly string[];
  readonly dg: readonly (readonly [number, string])[];
  readonly com?: string;
  readonly sod?: string;
  readonly since?: string;
  readonly cosignatures: number;
  readonly at?: Date;
  readonly requireCrl?: boolean;
  readonly strict?: boolean;
  readonly steps?: boolean;
  readonly json?: boolean;
}

/** What was verified of one file, ready to be shown. */
export interface VerifiedFile {
  readonly file: string;
  readonly report: Report;
  /** Who signed, in lines of label and value. */
  readonly facts: readonly (readonly [string, string])[];
}

/** `sigillo verify FILE…`: what a border would say to each file. */
export function registerVerify(program: Command, screen: Screen): void {
  program
    .command('verify')
    .description(
      'verify EF.SODs, certificates, CRLs and master lists as a border would; proofs and checkpoints of the log',
    )
    .argument('<file...>', 'files, recognised by their content')
    .option(
      '--trust <path>',
      'folder or file of CSCA certificates, CRLs, master lists and vkeys of logs; may be repeated',
      all,
      [],
    )
    .option('--crl <file>', 'further CRL; may be repeated', all, [])
    .option('--dg <N=file>', 'file of data group N, compared with EF.SOD; may be repeated', allDataGroups, [])
    .option('--com <file>', 'EF.COM of the same chip')
    .option('--sod <file>', 'EF.SOD, or other product, that a log proof must be about')
    .option('--since <file>', 'earlier checkpoint that a consistency proof goes on from')
    .option('--cosignatures <n>', 'cosigners that a checkpoint must have', wholeNumber, 0)
    .option('--at <date>', 'time of the check, ISO 8601; now by default', instant)
    .option('--require-crl', 'without a fresh CRL the verdict is UNDETERMINED')
    .option('--strict', 'put up with nothing, as for our own products')
    .option('--steps', 'show every step, also those that hold')
    .option('--json', 'one JSON object a line')
    .action((files: readonly string[], options: VerifyOptions) => {
      screen.exit(exitCodeOf(screen, () => verifyFiles(screen, files, options)));
    });
}

function all(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

type NumberedFile = readonly [number, string];

function allDataGroups(value: string, previous: readonly NumberedFile[]): readonly NumberedFile[] {
  const match = /^(\d{1,2})=(.+)$/.exec(value);
  const number = Number(match?.[1]);
  const file = match?.[2];
  if (file === undefined || number < 1 || number > 16) {
    throw new InvalidArgumentError('write N=FILE with N from 1 to 16.');
  }
  return [...previous, [number, file]];
}

function wholeNumber(value: string): number {
  if (!/^\d{1,2}$/.test(value)) throw new InvalidArgumentError('write a number from 0 to 99.');
  return Number(value);
}

/** A day, or an instant with its offset from UTC. */
function instant(value: string): Date {
  const isIso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(value);
  const date = new Date(value);
  if (!isIso || Number.isNaN(date.getTime())) {
    throw new InvalidArgumentError('write YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ.');
  }
  return date;
}

/** Runs a command whose paths may not be readable. */
export function exitCodeOf(screen: Screen, run: () => 0 | 1): 0 | 1 | 2 {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof UnreadablePath)) throw error;
    screen.stderr.write(`sigillo: ${printable(error.message)}\n`);
    return 2;
  }
}

function verifyFiles(screen: Screen, files: readonly string[], options: VerifyOptions): 0 | 1 {
  const at = options.at ?? screen.now();
  const { trust, crls, remarks } = loadTrustMaterial(options.trust, options.crl, at);
  for (const remark of remarks) screen.stderr.write(`sigillo: ${printable(remark)}\n`);
  const border = { trust, crls, at, strict: options.strict ?? false, requireCrl: options.requireCrl };
  const dataGroups = new Map(options.dg.map(([number, file]) => [number, readBytes(file)]));
  const efCom = options.com === undefined ? undefined : readBytes(options.com);
  const log = logChecks(options);
  let allHold = true;
  for (const file of files) {
    for (const verified of verifyFile(file, border, { dataGroups, efCom }, log)) {
      allHold &&= holds(verified.report.verdict);
      screen.stdout.write(options.json === true ? jsonLine(verified) : text(screen, verified, options));
    }
  }
  return allHold ? 0 : 1;
}

type BorderOptions = Border & { readonly requireCrl?: boolean | undefined };

interface Chip {
  readonly dataGroups: DataGroups;
  readonly efCom: Uint8Array | undefined;
}

const emptyChip: Chip = { dataGroups: new Map(), efCom: undefined };

/** What a file of the log is compared with. */
interface LogChecks {
  readonly trust: LogTrust;
  readonly product: Uint8Array | undefined;
  readonly earlier: Uint8Array | undefined;
}

const noLogChecks: LogChecks = {
  trust: { keys: [], cosignatures: 0 },
  product: undefined,
  earlier: undefined,
};

function logChecks({ trust, sod, since, cosignatures }: VerifyOptions): LogChecks {
  const named = trust.filter((path) => isFolder(path) || isVerifierKeyFile(path));
  return {
    trust: { keys: readVerifierKeys(named).map(decodeVerifierKey), cosignatures },
    product: sod === undefined ? undefined : readBytes(sod),
    earlier: since === undefined ? undefined : readBytes(since),
  };
}

/**
 * Verifies every content of a file; only PEM files have more than one.
 *
 * @throws UnreadablePath
 */
export function verifyFile(
  file: string,
  border: BorderOptions,
  chip: Chip = emptyChip,
  log: LogChecks = noLogChecks,
): VerifiedFile[] {
  const bytes = readBytes(file);
  const logFile = logFileKindOf(bytes);
  if (logFile !== undefined) {
    const report = verifyLogFile(logFile, bytes, log);
    return [{ file, report, facts: report.facts }];
  }
  let contents: readonly Uint8Array[];
  try {
    contents = fromPem(bytes);
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return [{ file, report: unreadable(error.message), facts: [] }];
  }
  return contents.map((content) => ({ file, ...verifyContent(content, border, chip) }));
}

function verifyLogFile(
  kind: LogFileKind,
  bytes: Uint8Array,
  { trust, product, earlier }: LogChecks,
): LogFileReport {
  switch (kind) {
    case 'checkpoint':
      return verifyCheckpointFile(bytes, trust);
    case 'log-proof':
      return verifyInclusionProofFile(bytes, trust, product);
    case 'consistency-proof':
      return verifyConsistencyProofFile(bytes, trust, earlier);
  }
}

function verifyContent(bytes: Uint8Array, border: BorderOptions, chip: Chip): Omit<VerifiedFile, 'file'> {
  const kind: FileKind = recognise(bytes);
  switch (kind) {
    case 'ef-sod': {
      const report = passiveAuthentication({ ...border, ...chip, efSod: bytes });
      return {
        report,
        facts: signedBy(report.dsc?.subject.display, report.csca?.certificate.subject.display),
      };
    }
    case 'master-list': {
      const report = verifyMasterList({ ...border, masterList: bytes });
      const facts = signedBy(report.mlsc?.subject.display, report.csca?.certificate.subject.display);
      const count = report.masterList?.certificates.length;
      return { report, facts: count === undefined ? facts : [['certificates', String(count)], ...facts] };
    }
    case 'certificate': {
      const report = verifyCertificate({ ...border, certificate: bytes });
      const { certificate, certificateKind } = report;
      const subject: [string, string][] =
        certificate === undefined ? [] : [['subject', `${certificate.subject.display} (${certificateKind})`]];
      return {
        report,
        facts: [...subject, ...signedBy(undefined, report.csca?.certificate.subject.display)],
      };
    }
    case 'crl': {
      const report = verifyCrl({ ...border, crl: bytes });
      const count = report.crl?.revokedCertificates.length;
      const facts = signedBy(undefined, report.csca?.certificate.subject.display);
      return { report, facts: count === undefined ? facts : [['revoked', String(count)], ...facts] };
    }
    case 'ef-com':
    case 'data-group':
    case 'deviation-list':
    case 'card-security':
    case 'signed-data':
    case 'cv-certificate':
    case 'unknown':
      return { report: unreadable(`not a format that verify knows: ${kind}`), facts: [] };
  }
}

function signedBy(
  signer: string | undefined,
  csca: string | undefined,
): readonly (readonly [string, string])[] {
  const facts: (readonly [string, string])[] = [];
  if (signer !== undefined) facts.push(['signed by', signer]);
  if (csca !== undefined) facts.push(['trusted by', csca]);
  return facts;
}

function unreadable(detail: string): Report {
  const finding: Finding = {
    code: 'UNKNOWN_FORMAT',
    severity: 'error',
    detail,
    source: 'Doc 9303-10 §4.6.2',
  };
  return { kind: 'unknown', verdict: 'UNREADABLE', findings: [finding], steps: [] };
}

function jsonLine({ file, report }: VerifiedFile): string {
  const { kind, verdict, findings } = report;
  return `${JSON.stringify({ file, kind, verdict, findings })}\n`;
}

export const verdictStyles: Record<Verdict, Style> = {
  TRUSTED: 'green',
  TRUSTED_WITH_WARNINGS: 'yellow',
  UNDETERMINED: 'yellow',
  INVALID: 'red',
  UNREADABLE: 'red',
};

const severityStyles: Record<Finding['severity'], Style> = { info: 'dim', warning: 'yellow', error: 'red' };

function text(screen: Screen, { file, report, facts }: VerifiedFile, options: VerifyOptions): string {
  const verdict = paint(screen, verdictStyles[report.verdict], report.verdict.replaceAll('_', ' '));
  const lines = [`${paint(screen, 'bold', printable(file))}  ${report.kind}  ${verdict}`];
  for (const [label, value] of facts) lines.push(`  ${label.padEnd(12)} ${printable(value)}`);
  if (options.steps === true) {
    for (const step of report.steps) lines.push(`  ${step.outcome.padEnd(12)} ${step.name}`);
  }
  for (const { severity, code, detail, source } of report.findings) {
    const label = paint(screen, severityStyles[severity], severity.padEnd(12));
    lines.push(`  ${label} ${code}: ${printable(detail)} ${paint(screen, 'dim', `[${source}]`)}`);
  }
  return `${lines.join('\n')}\n`;
}
