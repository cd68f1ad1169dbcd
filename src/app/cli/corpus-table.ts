import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type Finding, holds, type Verdict } from '../../rules/passive-authentication/index.ts';
import { filesBelow } from './files.ts';
import { paint, printable, type Screen } from './screen.ts';
import { loadTrustMaterial } from './trust-material.ts';
import { exitCodeOf, type VerifiedFile, verdictStyles, verifyFile } from './verify.ts';

/** One line of the table. */
interface CorpusRow {
  /** Relative to the corpus. */
  readonly file: string;
  readonly kind: string;
  readonly verdict: Verdict;
  /** Codes of all findings that are more than remarks, once each. */
  readonly codes: readonly string[];
  /** The gravest finding's sentence. */
  readonly reason: string;
}

/** Folders of a corpus whose files are verified. */
const examined = ['sod', 'dsc', 'csca', 'masterlists'] as const;

/** `sigillo corpus DIR`: the verdict on every EF.SOD, certificate and list of a collection of real ones. */
export function registerCorpusTable(program: Command, screen: Screen): void {
  program
    .command('corpus')
    .description('verdicts on a folder with sod/, dsc/, csca/ and masterlists/, trusting its CSCAs and lists')
    .argument('<folder>')
    .option('--at <date>', 'time of the check, YYYY-MM-DD; now by default', dayOption)
    .option('--json', 'one JSON object a line')
    .action((folder: string, options: { at?: Date; json?: boolean }) => {
      screen.exit(
        exitCodeOf(screen, () => {
          const rows = corpusTable(folder, options.at ?? screen.now());
          screen.stdout.write(
            options.json === true
              ? rows.map((row) => `${JSON.stringify(row)}\n`).join('')
              : table(screen, rows),
          );
          return rows.every((row) => holds(row.verdict)) ? 0 : 1;
        }),
      );
    });
}

function dayOption(value: string): Date {
  const date = new Date(value);
  if (!/^\d{4}-\d\d-\d\d$/.test(value) || Number.isNaN(date.getTime())) {
    throw new InvalidArgumentError('write YYYY-MM-DD.');
  }
  return date;
}

/**
 * Verifies a corpus with all CSCAs of its csca/ and masterlists/ as trust.
 *
 * @throws UnreadablePath
 */
function corpusTable(folder: string, at: Date): readonly CorpusRow[] {
  const trustPaths = ['csca', 'masterlists']
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path));
  const { trust, crls } = loadTrustMaterial(trustPaths, [], at);
  const border = { trust, crls, at, strict: false };
  return examined
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .flatMap((path) => filesBelow(path))
    .flatMap((file) => verifyFile(file, border).map((verified) => toRow(folder, verified)));
}

function toRow(folder: string, { file, report }: VerifiedFile): CorpusRow {
  const grave = report.findings.filter((finding) => finding.severity !== 'info');
  const gravest = grave.find((finding) => finding.severity === 'error') ?? grave.find(isTelling) ?? grave[0];
  return {
    file: relative(folder, file),
    kind: report.kind,
    verdict: report.verdict,
    codes: [...new Set(grave.map((finding) => finding.code))],
    reason: gravest?.detail ?? '',
  };
}

/** That there is no CRL holds for nearly every line and explains none. */
function isTelling({ code }: Finding): boolean {
  return code !== 'CRL_MISSING';
}

function table(screen: Screen, rows: readonly CorpusRow[]): string {
  const width = Math.max(...rows.map((row) => row.file.length));
  const lines = rows.map((row) => {
    const verdict = paint(screen, verdictStyles[row.verdict], row.verdict.padEnd(21));
    return `${printable(row.file).padEnd(width)}  ${verdict}  ${row.codes.join(' ')}`.trimEnd();
  });
  return `${lines.join('\n')}\n${summary(rows)}\n`;
}

function summary(rows: readonly CorpusRow[]): string {
  const counts = new Map<Verdict, number>();
  for (const { verdict } of rows) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  const parts = [...counts].map(([verdict, count]) => `${count} ${verdict}`);
  return `${rows.length} files: ${parts.join(', ')}`;
}
