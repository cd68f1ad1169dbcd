import { decodeMasterList } from '../../formats/masterlist/master-list.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { fromPem } from '../../formats/pem.ts';
import { recognise } from '../../formats/recognise.ts';
import { decodeEfSodSignedData } from '../../formats/lds/ef-sod.ts';
import { decodeCrl } from '../../formats/x509/crl.ts';
import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import { allRules, lintCertificate, type LintReport } from '../../rules/lint/index.ts';
import { filesBelow, readBytes } from './files.ts';
import { Issuers } from './issuers.ts';
import { lintFile } from './lint-file.ts';
import { explanations } from './lint-explanations.ts';

/** What was found in one certificate, list, CRL or EF.SOD of a corpus. */
export interface CorpusFinding {
  /** countryName of who made it, in upper case; `–` where there is none. */
  readonly country: string;
  readonly report: LintReport;
}

export interface LintedCorpus {
  /** Every certificate once, wherever it was found. */
  readonly certificates: readonly CorpusFinding[];
  /** Lists, CRLs and EF.SODs. */
  readonly others: readonly CorpusFinding[];
}

/**
 * Lints everything below a folder, and every certificate within lists and EF.SODs.
 *
 * @throws UnreadablePath
 */
export function lintCorpus(folder: string): LintedCorpus {
  const certificates = new Map<string, Certificate>();
  const others: CorpusFinding[] = [];
  const files = filesBelow(folder).filter((file) => !isMadeUp(file));
  for (const file of files) collect(file, certificates, others);
  const issuers = new Issuers(certificates.values());
  return {
    certificates: [...certificates.values()].map((certificate) => ({
      country: countryOf(certificate),
      // As received, for what follows a certificate is judged too.
      report: lintCertificate(certificate.bytes, { issuer: issuers.find(certificate) }),
    })),
    others,
  };
}

/** Altered on purpose, or made up: no State issued it. */
function isMadeUp(file: string): boolean {
  return /\/(negative|mock)\/|\/(neg|mock|synthetic)_[^/]*$/.test(file);
}

function collect(file: string, certificates: Map<string, Certificate>, others: CorpusFinding[]): void {
  for (const content of contentsOf(readBytes(file))) {
    const found = certificatesIn(content);
    for (const certificate of found) certificates.set(certificate.fingerprint, certificate);
    if (recognise(content) !== 'certificate') others.push(...lintOther(file, content, found));
  }
}

function contentsOf(bytes: Uint8Array): readonly Uint8Array[] {
  return orElse([], () => fromPem(bytes));
}

function certificatesIn(content: Uint8Array): readonly Certificate[] {
  return orElse([], () => {
    switch (recognise(content)) {
      case 'certificate':
        return [decodeCertificate(content)];
      case 'master-list': {
        const { signedData, certificates } = decodeMasterList(content);
        return [...signedData.certificates, ...certificates];
      }
      case 'ef-sod':
        return decodeEfSodSignedData(content).certificates;
      case 'crl':
      case 'deviation-list':
      case 'ef-com':
      case 'data-group':
      case 'card-security':
      case 'signed-data':
      case 'cv-certificate':
      case 'unknown':
        return [];
    }
  });
}

function lintOther(
  file: string,
  content: Uint8Array,
  found: readonly Certificate[],
): readonly CorpusFinding[] {
  const issuer = orElse(undefined, () => decodeCrl(content).issuer.country);
  const country = issuer ?? (found[0] === undefined ? '–' : countryOf(found[0]));
  return lintFile(file, { issuers: new Issuers([]) })
    .filter(({ report }) => report.kind !== 'unknown')
    .map(({ report }) => ({ country, report }));
}

function countryOf({ subject, issuer }: Certificate): string {
  return subject.country ?? issuer.country ?? '–';
}

function orElse<Value>(otherwise: Value, decode: () => Value): Value {
  try {
    return decode();
  } catch (error) {
    if (error instanceof MalformedInput) return otherwise;
    throw error;
  }
}

const intro = `# What the lint finds in the field

Certificates, lists, CRLs and EF.SODs of many States, held against the rules of [lint.md](lint.md): CSCA certificates from national master lists, and what other projects have published as test data. The files themselves are not ours and not here; these are counts. What was altered on purpose to test readers is left out, specimens and test PKIs of States are not. That a State is in the table says that something of its was at hand, not that others do better.

A certificate that was found in several places counts once. It is judged by the edition that was in force when it was made, and where the certificate of its issuer is in the same collection, against that too. \`CODE ×3\` means that three of them break the rule; remarks (severity info) are only in the last table.

This page is made by \`sigillo lint --corpus DIR\`.
`;

/** The table of findings, as \`docs/lint-corpus.md\` has it. */
export function corpusPage({ certificates, others }: LintedCorpus): string {
  return [
    intro,
    '## Certificates by country and edition',
    '',
    ...table(
      ['country', 'edition', 'certificates', 'clean', 'warnings', 'errors', 'findings'],
      rowsOf(certificates, (one) => String(one.report.edition ?? '–')),
    ),
    '',
    '## Lists, CRLs and EF.SODs by country',
    '',
    ...table(
      ['country', 'kind', 'number', 'clean', 'warnings', 'errors', 'findings'],
      rowsOf(others, (one) => one.report.kind),
    ),
    '',
    '## What the findings mean',
    '',
    ...table(
      ['code', 'severity', 'number', 'countries', 'what it means'],
      explained([...certificates, ...others]),
    ),
    '',
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)];
}

function rowsOf(
  all: readonly CorpusFinding[],
  second: (one: CorpusFinding) => string,
): readonly (readonly string[])[] {
  const groups = new Map<string, CorpusFinding[]>();
  for (const one of all) {
    const key = `${one.country}\t${second(one)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, group]) => {
      const count = (...verdicts: readonly string[]): string =>
        String(group.filter(({ report }) => verdicts.includes(report.verdict)).length);
      return [
        ...key.split('\t'),
        String(group.length),
        count('CLEAN'),
        count('WARNINGS'),
        count('ERRORS', 'UNREADABLE'),
        countedCodes(group),
      ];
    });
}

function countedCodes(group: readonly CorpusFinding[]): string {
  const counts = new Map<string, number>();
  for (const { report } of group) {
    const grave = report.findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code);
    for (const code of new Set(grave)) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return [...counts]
    .toSorted(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
    .map(([code, count]) => `${code} ×${count}`)
    .join(', ');
}

function explained(all: readonly CorpusFinding[]): readonly (readonly string[])[] {
  return allRules.flatMap(({ id, severity, title }) => {
    const found = all.filter(({ report }) => report.findings.some(({ code }) => code === id));
    if (found.length === 0) return [];
    const countries = [...new Set(found.map(({ country }) => country))].toSorted().join(' ');
    return [[id, severity, String(found.length), countries, explanations.get(id) ?? title]];
  });
}
