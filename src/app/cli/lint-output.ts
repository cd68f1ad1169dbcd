import { pathToFileURL } from 'node:url';
import { allRules, type LintFinding, type LintVerdict } from '../../rules/lint/index.ts';
import type { LintedFile } from './lint-file.ts';
import { paint, printable, type Screen, type Style } from './screen.ts';

export function isWithoutErrors({ report }: LintedFile): boolean {
  return report.verdict === 'CLEAN' || report.verdict === 'WARNINGS';
}

export function jsonLine({ file, fileKind, report }: LintedFile): string {
  const findings = report.findings.map(({ code, severity, detail, source }) => {
    return { code, severity, detail, source };
  });
  return `${JSON.stringify({ file, kind: fileKind, verdict: report.verdict, findings })}\n`;
}

const verdictStyles: Record<LintVerdict, Style> = {
  CLEAN: 'green',
  WARNINGS: 'yellow',
  ERRORS: 'red',
  UNREADABLE: 'red',
};
const severities = ['error', 'warning', 'info'] as const satisfies readonly LintFinding['severity'][];
const severityStyles: Record<LintFinding['severity'], Style> = {
  info: 'dim',
  warning: 'yellow',
  error: 'red',
};

/** For people: the gravest first, each rule once with all that breaks it, its clause and the mend. */
export function text(screen: Screen, { file, subject, report }: LintedFile): string {
  const { kind, edition, verdict, notApplicable } = report;
  const judged = edition === undefined ? kind : `${kind}, ${edition}th edition`;
  const styled = paint(screen, verdictStyles[verdict], verdict);
  const lines = [`${paint(screen, 'bold', printable(file))}  ${judged}  ${styled}`];
  if (subject !== undefined) lines.push(`  ${printable(subject)}`);
  for (const severity of severities) {
    const ofSeverity = report.findings.filter((finding) => finding.severity === severity);
    for (const [code, findings] of byCode(ofSeverity)) lines.push(...ruleLines(screen, code, findings));
  }
  if (notApplicable.length > 0) {
    const codes = notApplicable.map(({ code }) => code).join(' ');
    lines.push(`  ${paint(screen, 'dim', `not judged: ${codes}`)}`);
  }
  return `${lines.join('\n')}\n`;
}

function byCode(findings: readonly LintFinding[]): ReadonlyMap<string, readonly LintFinding[]> {
  const groups = new Map<string, LintFinding[]>();
  for (const finding of findings) {
    const group = groups.get(finding.code);
    if (group === undefined) groups.set(finding.code, [finding]);
    else group.push(finding);
  }
  return groups;
}

function ruleLines(screen: Screen, code: string, findings: readonly LintFinding[]): readonly string[] {
  const [first] = findings;
  if (first === undefined) return [];
  const { severity, source, mend, pkdCode } = first;
  const label = paint(screen, severityStyles[severity], severity.padEnd(8));
  const clause = paint(
    screen,
    'dim',
    `[${[source, ...(pkdCode === undefined ? [] : [pkdCode])].join('; ')}]`,
  );
  return [
    `  ${label} ${code} ${clause}`,
    ...findings.map(({ detail }) => `           ${printable(detail)}`),
    `           ${paint(screen, 'dim', `mend: ${mend}`)}`,
  ];
}

const levels: Record<LintFinding['severity'], string> = { error: 'error', warning: 'warning', info: 'note' };

/** One run in the format of static analysis results (OASIS SARIF 2.1.0). */
export function sarif(linted: readonly LintedFile[]): string {
  const rules = allRules.map(({ id, title, severity, source, mend }) => ({
    id,
    shortDescription: { text: title },
    help: { text: `${mend}. [${source}]` },
    defaultConfiguration: { level: levels[severity] },
  }));
  const results = linted.flatMap(({ file, report }) =>
    report.findings.map(({ code, severity, detail, pkdCode }) => ({
      ruleId: code,
      level: levels[severity],
      message: { text: detail },
      locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) } } }],
      ...(pkdCode === undefined ? {} : { properties: { pkdCode } }),
    })),
  );
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'sigillo lint', rules } }, results }],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

/** A relative reference stays one, so that a report means the same on another machine. */
function uriOf(file: string): string {
  if (file.startsWith('/')) return pathToFileURL(file).href;
  return file.split('/').map(encodeURIComponent).join('/');
}

/** A suite for each file, a test for each rule that found something; errors are failures. */
export function junit(linted: readonly LintedFile[]): string {
  const suites = linted.map(junitSuite).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="sigillo lint">\n${suites}</testsuites>\n`;
}

function junitSuite({ file, report }: LintedFile): string {
  const groups = [...byCode(report.findings)];
  const failures = groups.filter(([, [first]]) => first?.severity === 'error').length;
  const cases =
    groups.length === 0
      ? `    <testcase classname="${xml(report.kind)}" name="all rules"/>\n`
      : groups.map(([code, findings]) => junitCase(report.kind, code, findings)).join('');
  const tests = Math.max(groups.length, 1);
  return `  <testsuite name="${xml(file)}" tests="${tests}" failures="${failures}">\n${cases}  </testsuite>\n`;
}

function junitCase(kind: string, code: string, findings: readonly LintFinding[]): string {
  const [first] = findings;
  const details = findings.map(({ detail }) => detail).join('; ');
  const message = `${details} [${first?.source ?? ''}] mend: ${first?.mend ?? ''}`;
  const body =
    first?.severity === 'error'
      ? `<failure type="${xml(code)}" message="${xml(details)}">${xml(message)}</failure>`
      : `<system-out>${xml(`${first?.severity ?? ''}: ${message}`)}</system-out>`;
  return `    <testcase classname="${xml(kind)}" name="${xml(code)}">${body}</testcase>\n`;
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Foreign text in XML 1.0, which has no control characters. */
function xml(value: string): string {
  // oxlint-disable-next-line no-control-regex -- these are the characters to be shown as escapes
  const visible = printable(value).replace(/[\x00-\x1f\ud800-\udfff\ufffe\uffff]/g, '\ufffd');
  return visible.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
