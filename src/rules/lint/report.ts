import { MalformedInput } from '../../formats/malformed-input.ts';
import type { Severity } from '../../formats/note.ts';
import type { Edition } from './edition.ts';
import type { LintContext, PkdCode, Rule, RuleDescription } from './rule.ts';

/** CLEAN may still have remarks: severity `info` is no blemish. */
export type LintVerdict = 'CLEAN' | 'WARNINGS' | 'ERRORS' | 'UNREADABLE';

export interface LintFinding {
  /** Id of the rule. */
  readonly code: string;
  readonly severity: Severity;
  /** What was found, a phrase. */
  readonly detail: string;
  /** The clause that asks for something else. */
  readonly source: string;
  readonly mend: string;
  /** The same in the codes of the ICAO PKD, e.g. `ERR:DSC.BKU.19`. */
  readonly pkdCode: string | undefined;
}

/** A rule that concerns what was judged but could not be. */
export interface NotApplicable {
  readonly code: string;
  readonly reason: string;
}

export interface LintReport {
  /** What was judged: a kind of certificate, `crl`, `master-list`, `deviation-list` or `ef-sod`. */
  readonly kind: string;
  /** Undefined for what cannot be read. */
  readonly edition: Edition | undefined;
  readonly verdict: LintVerdict;
  readonly findings: readonly LintFinding[];
  readonly notApplicable: readonly NotApplicable[];
}

/** Rules that the caller answers for himself, such as a signature that was checked a moment ago. */
export type LeftOut = readonly string[];

/** Holds one object against its rules. */
export function judge<Context extends LintContext>(
  rules: readonly Rule<Context>[],
  context: Context,
  leftOut: LeftOut = [],
): LintReport {
  const findings: LintFinding[] = [];
  const notApplicable: NotApplicable[] = [];
  for (const rule of rules) {
    if (rule.appliesTo?.(context.kind, context.edition) === false) continue;
    const reason = leftOut.includes(rule.id) ? 'left out by the caller' : missingInput(rule, context);
    if (reason !== undefined) notApplicable.push({ code: rule.id, reason });
    else {
      const result = detailsOf(rule, context);
      if ('reason' in result) notApplicable.push({ code: rule.id, reason: result.reason });
      else findings.push(...result.details.map((detail) => toFinding(rule, context.kind, detail)));
    }
  }
  const { kind, edition } = context;
  return { kind, edition, verdict: verdictOf(findings), findings, notApplicable };
}

function missingInput<Context extends LintContext>(
  rule: Rule<Context>,
  context: Context,
): string | undefined {
  const missing = rule.needs?.filter((need) => context[need] === undefined) ?? [];
  return missing.length === 0 ? undefined : `not given: ${missing.join(', ')}`;
}

/** A part that cannot be read at all is the matter of the rule that asks for its syntax. */
function detailsOf<Context extends LintContext>(
  rule: Rule<Context>,
  context: Context,
): { readonly details: readonly string[] } | { readonly reason: string } {
  try {
    return { details: rule.findings(context) };
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return { reason: `cannot be read: ${error.message}` };
  }
}

function toFinding(rule: RuleDescription, kind: string, detail: string): LintFinding {
  const { id, severity, source, mend, pkdCode } = rule;
  return { code: id, severity, detail, source, mend, pkdCode: pkdCodeOf(pkdCode, severity, kind) };
}

/** The PKD has codes for CSCAs, Document Signers and CRLs only. */
function pkdCodeOf(code: PkdCode | undefined, severity: Severity, kind: string): string | undefined {
  const object = { csca: 'CSCA', 'csca-link': 'CSCA', 'document-signer': 'DSC', crl: 'CRL' }[kind];
  if (code === undefined || object === undefined) return undefined;
  const field = typeof code === 'string' ? code : object === 'CSCA' ? code.csca : code.signer;
  return `${severity === 'error' ? 'ERR' : 'WARN'}:${object}.${field}`;
}

export function verdictOf(findings: readonly Pick<LintFinding, 'severity'>[]): LintVerdict {
  if (findings.some(({ severity }) => severity === 'error')) return 'ERRORS';
  return findings.some(({ severity }) => severity === 'warning') ? 'WARNINGS' : 'CLEAN';
}

/** The report on what cannot be read as the object that it claims to be. */
export function unreadable(kind: string, rule: RuleDescription, detail: string): LintReport {
  const findings = [toFinding(rule, kind, detail)];
  return { kind, edition: undefined, verdict: 'UNREADABLE', findings, notApplicable: [] };
}

export const unknownFormatRule: RuleDescription = {
  id: 'UNKNOWN_FORMAT',
  title: 'the file is one of those that have rules',
  severity: 'error',
  source: 'Doc 9303-10, Doc 9303-12',
  mend: 'give a certificate, CRL, master list, deviation list or EF.SOD',
};

/** The report on a file that is none of those that have rules. */
export function unknownFormat(detail: string): LintReport {
  return unreadable('unknown', unknownFormatRule, detail);
}
